//! What is around every page: head, header links, menus, month bar, footer.

use std::fmt::Write as _;

use url::Url;

use super::escaped;
use crate::harness::courts::Court;
use crate::site::Site;
use crate::site::path::PathTemplate;
use crate::value::date::RentDate;
use crate::value::place::Place;
use crate::value::slot::Purpose;

/// What every page is made with.
pub(crate) struct View<'a> {
    /// The dialect at the address the visitor sees.
    pub(crate) site: &'a Site,
    pub(crate) courts: &'a [Court],
    pub(crate) logged_in: bool,
    pub(crate) meta_charset: bool,
    /// Whether links and form actions are whole addresses instead of paths.
    pub(crate) whole_addresses: bool,
    /// The month that menu links lead to.
    pub(crate) month: RentDate,
}

impl View<'_> {
    /// An address without places in it, as links and form actions have it.
    pub(crate) fn to(&self, path: &PathTemplate) -> String {
        self.printed(self.site.url(path))
    }

    pub(crate) fn login_page(&self) -> String {
        self.to(&self.site.dialect.paths.login_page)
    }

    pub(crate) fn schedule(&self, place: &Place, month: RentDate, view: &str) -> String {
        self.printed(self.site.schedule_url(place, month, view))
    }

    pub(crate) fn day(&self, place: &Place, date: RentDate, purpose: Purpose) -> String {
        self.printed(self.site.day_url(place, date, purpose))
    }

    /// A file of the site that is no page.
    pub(crate) fn file(&self, path: &str) -> String {
        match self.whole_addresses {
            true => format!("{}{path}", self.site.printed_base()),
            false => format!("{}{path}", self.site.dialect.address.prefix),
        }
    }

    fn printed(&self, url: Url) -> String {
        if self.whole_addresses { url.into() } else { url.path().to_owned() }
    }

    /// Everything up to and including `<body>`.
    pub(crate) fn head(&self, title: &str) -> String {
        let meta = if self.meta_charset {
            let charset = self.site.charset().name().to_ascii_lowercase();
            format!("<meta http-equiv=\"Content-Type\" content=\"text/html; charset={charset}\" />\n")
        } else {
            String::new()
        };
        format!(
            "<!DOCTYPE html>\n<html lang=\"ko\">\n<head>\n{meta}<title>{} - 인터넷예약시스템 &gt; {}</title>\n",
            escaped(self.site.title()),
            escaped(title),
        )
    }

    /// A whole page around `content`, which goes into `div.content_body`.
    pub(crate) fn page(&self, title: &str, content: &str) -> String {
        let mut html = self.head(title);
        let _ = write!(
            html,
            "<style type=\"text/css\">\n{}</style>\n<link rel=\"stylesheet\" type=\"text/css\" href=\"{}\" />\n<script type=\"text/javascript\" src=\"{}\"></script>\n</head>\n<body>\n<div id=\"wrap\">\n",
            style_sheet(),
            escaped(&self.file(STYLE_PATH)),
            escaped(&self.file(SCRIPT_PATH)),
        );
        self.header(&mut html);
        let _ = write!(
            html,
            "<div id=\"contents\">\n<div class=\"location\">HOME &gt; 시설예약 &gt; {}</div>\n<div class=\"content_body\">\n{content}</div>\n</div>\n",
            escaped(title),
        );
        self.footer(&mut html);
        html.push_str("</div>\n</body>\n</html>\n");
        html
    }

    /// `#tnb` with the login state in its second entry (protocol.md 4.1, S1), and `#gnb`.
    fn header(&self, html: &mut String) {
        let dialect = &self.site.dialect;
        let secure = self.site.printed_secure_base();
        let without_prefix = |path: String| {
            path.strip_prefix(dialect.address.prefix.as_str()).map_or(path.clone(), str::to_owned)
        };
        let (text, path) = if self.logged_in {
            (&dialect.markers.logged_in_text, self.site.url(&dialect.paths.logout))
        } else {
            (&dialect.markers.logged_out_text, self.site.url(&dialect.paths.login_page))
        };
        let link = format!("{secure}{}", without_prefix(path.path().to_owned()));
        let home = self.to(&dialect.paths.home);
        let _ = write!(
            html,
            "<div id=\"tnb\"><ul>\n<li><a href=\"{home}\">홈</a></li>\n<li><a href=\"{}\">{}</a></li>\n<li><a href=\"{home}#sitemap\">사이트맵</a></li>\n</ul></div>\n",
            escaped(&link),
            escaped(text),
        );
        let first = self.courts.first().map_or(home.clone(), |court| {
            self.schedule(&court.place, self.month, &dialect.codes.view_calendar)
        });
        let _ = write!(
            html,
            "<div id=\"gnb\"><ul>\n<li><a href=\"{}\">시설예약</a></li>\n<li><a href=\"{home}#guide\">이용안내</a></li>\n<li><a href=\"{home}#notice\">알림마당</a></li>\n<li><a href=\"{home}#members\">회원서비스</a></li>\n</ul></div>\n",
            escaped(&first),
        );
    }

    /// The three menus, at the positions of protocol.md section 5 (S1).
    pub(crate) fn menus(&self, current: &Place, view: &str) -> String {
        let mut html = String::new();
        let entry = |html: &mut String, over: bool, place: &Place, name: &str| {
            let class = if over { "category_li_over" } else { "category_li_out" };
            let link = self.schedule(place, self.month, view);
            let _ = writeln!(
                html,
                "<li class=\"{class}\"><a href=\"{}\">{}</a></li>",
                escaped(&link),
                escaped(name)
            );
        };
        html.push_str("<ul class=\"category_ul\">\n");
        let mut seen: Vec<&str> = Vec::new();
        for court in self.courts {
            if !seen.contains(&court.place.centre.as_str()) {
                seen.push(court.place.centre.as_str());
                entry(&mut html, court.place.centre == current.centre, &court.place, &court.centre_name);
            }
        }
        html.push_str("</ul>\n<ul class=\"place_ul\">\n<li class=\"part_li\"><ul>\n");
        let mut seen: Vec<&str> = Vec::new();
        let in_centre = || self.courts.iter().filter(|court| court.place.centre == current.centre);
        for court in in_centre() {
            if !seen.contains(&court.place.group.as_str()) {
                seen.push(court.place.group.as_str());
                entry(&mut html, court.place.group == current.group, &court.place, &court.group_name);
            }
        }
        html.push_str(
            "</ul></li>\n<li class=\"place_li\"><ul>\n<li class=\"place_title\">장소선택</li>\n<li><ul>\n",
        );
        for court in in_centre().filter(|court| court.place.group == current.group) {
            entry(&mut html, court.place == *current, &court.place, &court.name);
        }
        html.push_str("</ul></li>\n</ul></li>\n</ul>\n");
        html
    }

    /// The bar with view switch, apply entry and months, the third `ul` (protocol.md 5, S1).
    pub(crate) fn month_bar(&self, place: &Place, view: &str, first_open: Option<RentDate>) -> String {
        let codes = &self.site.dialect.codes;
        let month = self.month.with_day(1);
        let (previous, next) =
            (month.first_of_month_before(), month.plus_days(i32::from(month.days_in_month())));
        let on = |v: &str| if v == view { "_on" } else { "" };
        let apply = first_open.map_or("#".to_owned(), |date| self.day(place, date, Purpose::Sports));
        let link = |month: RentDate, view: &str| escaped(&self.schedule(place, month, view));
        format!(
            "<ul class=\"reserve_cal_dl\"><li class=\"reserve_cal_dd\"><ul><li><ul>\n\
             <li class=\"view_li\"><span class=\"rent_btn_calendar_view{}\"><a href=\"{}\">달력보기</a></span> \
             <span class=\"rent_btn_daylist_view{}\"><a href=\"{}\">목록보기</a></span></li>\n\
             <li class=\"rent_cal_li\"><ul><li class=\"reserve_application_li\"><a href=\"{}\">대관신청</a></li></ul></li>\n\
             <li class=\"month_li\"><ul><li><a href=\"{}\">이전달</a></li><li>{}년 {:02}월</li><li><a href=\"{}\">다음달</a></li></ul></li>\n\
             </ul></li></ul></li></ul>\n\
             <input type=\"hidden\" id=\"btn_reservation_able_check\" value=\"{}\" />\n",
            on(&codes.view_calendar),
            link(month, &codes.view_calendar),
            on(&codes.view_day_list),
            link(month, &codes.view_day_list),
            escaped(&apply),
            link(previous, view),
            month.year(),
            month.month(),
            link(next, view),
            if first_open.is_some() { "Y" } else { "N" },
        )
    }

    /// The two buttons that choose the purpose (protocol.md 5.1 and 5.2, S1).
    pub(crate) fn purpose_switch(&self, chosen: Purpose) -> String {
        let codes = &self.site.dialect.codes;
        let radio = |id: &str, value: &str, on: bool, label: &str| {
            let checked = if on { " checked=\"checked\"" } else { "" };
            format!(
                "<label><input type=\"radio\" id=\"{id}\" value=\"{}\"{checked} />{label}</label>\n",
                escaped(value)
            )
        };
        format!(
            "<div class=\"select_group\">\n{}{}</div>\n",
            radio("select_group_sport", &codes.sports, chosen == Purpose::Sports, "체육행사"),
            radio("select_group_notsport", &codes.events, chosen == Purpose::Events, "비체육행사"),
        )
    }

    fn footer(&self, html: &mut String) {
        html.push_str("<div id=\"footer\">\n<div id=\"sitemap\"><h2>시설 전체보기</h2>\n");
        let codes = &self.site.dialect.codes;
        for court in self.courts {
            let _ = writeln!(
                html,
                "<p><a href=\"{}\">{} / {} / {}</a></p>",
                escaped(&self.schedule(&court.place, self.month, &codes.view_calendar)),
                escaped(&court.centre_name),
                escaped(&court.group_name),
                escaped(&court.name),
            );
        }
        html.push_str(
            "</div>\n<div class=\"notice_box\">\n<p>이 사이트는 연습용 모형이며 실제 예약 사이트가 아닙니다. 여기에서 접수한 신청은 어디에도 전달되지 않습니다.</p>\n\
             <p>모든 회원, 단체, 연락처는 지어낸 것입니다.</p>\n</div>\n<address>연습용 모형 (stand-in)</address>\n</div>\n",
        );
    }
}

/// Where the page script is.
pub(crate) const SCRIPT_PATH: &str = "/js/standin.js";

/// Where the style sheet is that the pages name.
pub(crate) const STYLE_PATH: &str = "/css/standin.css";

/// Where images are.
pub(crate) const IMAGES_PATH: &str = "/images/";

/// The style sheet that the pages name: the part of it that is not inside them.
pub(crate) const STYLE_FILE: &str = ".rent_time_table td{height:26px}\n.receipt_table th{width:160px}\n";

/// Every image: one white pixel as GIF89a.
pub(crate) const IMAGE_FILE: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\
    \x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// A style sheet of the size such sites carry inside their pages.
fn style_sheet() -> &'static str {
    static SHEET: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let mut css = String::from(
            "body,div,ul,li,p,table,th,td,form,input,select,h1,h2,h3{margin:0;padding:0;font-family:Gulim,Dotum,sans-serif;font-size:12px;color:#333}\n\
             ul{list-style:none}a{color:#24507a;text-decoration:none}a:hover{text-decoration:underline}\n\
             #wrap{width:980px;margin:0 auto}#tnb{height:30px;text-align:right}#tnb li{display:inline;padding:0 8px;border-right:1px solid #ccc}\n\
             #gnb{background:#24507a;height:44px}#gnb li{display:inline-block;padding:14px 30px}#gnb a{color:#fff;font-weight:bold}\n\
             #contents{padding:20px 0;min-height:400px}.location{color:#888;padding-bottom:12px;border-bottom:1px solid #ddd}\n\
             .content_body{padding-top:16px}.category_ul>li,.part_li li,.place_li>ul>li>ul>li{display:inline-block;border:1px solid #bbb;padding:6px 12px;margin:2px;cursor:pointer}\n\
             .category_li_over{background:#24507a}.category_li_over a{color:#fff}.place_title{font-weight:bold;padding:8px 0}\n\
             .reserve_cal_dl{margin:14px 0;border:1px solid #ddd;padding:8px}.month_li li{display:inline-block;padding:0 16px;font-weight:bold}\n\
             .blind{position:absolute;left:-9999px;width:1px;height:1px;overflow:hidden}\n\
             table{border-collapse:collapse;width:100%;margin:10px 0}th,td{border:1px solid #ccc;padding:6px;text-align:center}th{background:#f2f5f8}\n\
             table.calendar_table{width:280px}.week_holiday{background:#ffeded}.week_saturday{background:#e8e9ff}\n\
             .error,.message{border:2px solid #c66;padding:30px;margin:30px 0;text-align:center;font-weight:bold}\n\
             .realperson-text{font-family:monospace;font-size:6px;line-height:6px;letter-spacing:-1px;white-space:nowrap}\n\
             .realperson-regen{color:#888;cursor:pointer}#footer{border-top:1px solid #ddd;padding:20px 0;color:#777}\n\
             .button{display:inline-block;padding:8px 24px;background:#24507a;color:#fff;border:0;cursor:pointer}\n",
        );
        for n in 0..100 {
            let _ = writeln!(
                css,
                ".w{n}{{width:{n}%}}.mt{n}{{margin-top:{n}px}}.mb{n}{{margin-bottom:{n}px}}.pl{n}{{padding-left:{n}px}}.pr{n}{{padding-right:{n}px}}"
            );
        }
        css
    });
    &SHEET
}
