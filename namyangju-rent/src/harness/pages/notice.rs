//! Home, login, messages, errors, scripts that send on, the landing page.

use std::fmt::Write as _;

use super::frame::View;
use super::{escaped, hidden, quoted};
use crate::harness::stand_in::Booked;
use crate::html::charset::Charset;

pub(crate) fn home_page(view: &View<'_>) -> String {
    let mut content = String::from("<h1>시설예약 안내</h1>\n<div id=\"notice\"><h2>공지사항</h2>\n<ul>\n");
    for n in 1..=20 {
        let _ = writeln!(
            content,
            "<li><a href=\"#notice{n}\">연습용 공지 {n}: 예약 시스템 이용 안내 (지어낸 글)</a></li>"
        );
    }
    content.push_str("</ul></div>\n<div id=\"guide\"><h2>이용안내</h2><p>시설을 고른 뒤 날짜와 시간을 선택하고 신청서를 작성합니다.</p></div>\n");
    view.page("시설예약", &content)
}

/// The login form, with the landmarks of protocol.md 4.1.
pub(crate) fn login_page(view: &View<'_>) -> String {
    let dialect = &view.site.dialect;
    let action = view.to(&dialect.paths.login);
    // The constants stand before and after the two boxes, as in the dialect's wire order.
    let (mut before, mut after) = (String::new(), String::new());
    let (mut account, mut password) = (None, "mempw");
    for field in &dialect.login.fields {
        match field.value.as_str() {
            "{account}" => account = Some(field.name.as_str()),
            "{password}" => password = &field.name,
            value if account.is_none() => before.push_str(&hidden(&field.name, value)),
            value => after.push_str(&hidden(&field.name, value)),
        }
    }
    let account = account.unwrap_or("memid");
    let content = format!(
        "<h1>로그인</h1>\n<form id=\"login_form\" name=\"login_form\" method=\"post\" action=\"{}\">\n{before}\
         <ul><li class=\"login_title\">회원 로그인</li>\n<li><table><tbody>\n\
         <tr><th>아이디</th><td><input type=\"text\" id=\"input_memid\" name=\"{}\" tabindex=\"100\" /></td>\
         <td rowspan=\"2\"><span></span></td>\
         <td rowspan=\"2\"><input type=\"image\" src=\"{}\" alt=\"로그인\" tabindex=\"102\" /></td></tr>\n\
         <tr><th>비밀번호</th><td><input type=\"password\" id=\"input_mempw\" name=\"{}\" tabindex=\"101\" /></td></tr>\n\
         </tbody></table></li></ul>\n{after}</form>\n",
        escaped(&action),
        escaped(account),
        escaped(&view.file("/images/member/btn_login.gif")),
        escaped(password),
    );
    view.page("로그인", &content)
}

/// The button that every notice has (protocol.md 7, S2).
const BACK: &str =
    "<p><a id=\"btn_prev\" class=\"button\" href=\"javascript:history.back();\">확인</a></p>\n";

/// A refusal: `.error` with nothing but the text (protocol.md 7, S2).
pub(crate) fn error_page(view: &View<'_>, text: &str) -> String {
    view.page("안내", &format!("<div class=\"error\">{}</div>\n{BACK}", escaped(text)))
}

/// A message: `.message` with one `p` for each text (protocol.md 7, S1).
pub(crate) fn message_page(view: &View<'_>, texts: &[String]) -> String {
    let mut content = String::from("<div class=\"message\">");
    for text in texts {
        let _ = writeln!(content, "<p>{}</p>", escaped(text));
    }
    content.push_str("</div>\n");
    content.push_str(BACK);
    view.page("안내", &content)
}

/// The fixed page for a taken slot, filled up to `bytes` bytes in the dialect's character set.
pub(crate) fn taken_page(view: &View<'_>, text: &str, bytes: Option<usize>, charset: Charset) -> String {
    let head = format!(
        "{}</head>\n<body>\n<div id=\"wrap\"><div class=\"error\">{}</div>\n{BACK}</div>\n",
        view.head("안내"),
        escaped(text)
    );
    const TAIL: &str = "</body>\n</html>\n";
    const OPEN: &str = "<!--";
    const CLOSE: &str = "-->\n";
    let length = charset.encode(&head).len() + TAIL.len() + OPEN.len() + CLOSE.len();
    match bytes.and_then(|bytes| bytes.checked_sub(length)) {
        Some(missing) => format!("{head}{OPEN}{}{CLOSE}{TAIL}", " ".repeat(missing)),
        None => format!("{head}{TAIL}"),
    }
}

/// A page that is nothing but an alert and a step: to an address, or back.
pub(crate) fn alert_page(view: &View<'_>, text: &str, to: Option<&str>) -> String {
    let step = to.map_or("history.back()".to_owned(), |to| format!("location.replace({})", quoted(to)));
    format!(
        "{}<script type=\"text/javascript\">alert({});{step};</script>\n</head>\n<body></body>\n</html>\n",
        view.head("안내"),
        quoted(text)
    )
}

/// A page that is nothing but a new address.
pub(crate) fn moved_page(view: &View<'_>, to: &str) -> String {
    format!(
        "{}<script type=\"text/javascript\">location.replace({});</script>\n</head>\n<body></body>\n</html>\n",
        view.head("이동"),
        quoted(to)
    )
}

/// A bare page, as servers in front of a site make them.
pub(crate) fn bare(status: u16, text: &str) -> String {
    format!(
        "<html>\n<head><title>{status}</title></head>\n<body>\n<h1>{status}</h1>\n<p>{}</p>\n</body>\n</html>\n",
        escaped(text)
    )
}

/// The landing page; its content is unknown (protocol.md 10.1), so this one is our own.
pub(crate) fn receipt_page(view: &View<'_>, heading: &str, booked: &Booked) -> String {
    let mut rows = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(rows, "<tr><th>{name}</th><td>{}</td></tr>", escaped(value));
    };
    row("접수번호", &booked.receipt);
    row("장소", &booked.place.to_string());
    row("사용일자", &booked.date.to_string());
    for (_, range) in &booked.slots {
        row("사용시간", &format!("{} ~ {}", range.start(), range.end()));
    }
    let content = format!(
        "<h1>{}</h1>\n<div class=\"receipt\"><table class=\"receipt_table\"><tbody>\n{rows}</tbody></table></div>\n",
        escaped(heading)
    );
    view.page("접수결과", &content)
}

/// A waiting room's own page. The words are the stand-in's; the marks are those that NetFUNNEL's pages carry.
pub(crate) const WAITING_PAGE: &str = "<html>\n<head><title>접속 대기 중</title></head>\n<body>\n\
    <div id=\"queue\" data-nf-client-id=\"invented\"><p>접속 대기 중입니다. 잠시만 기다려 주십시오.</p></div>\n</body>\n</html>\n";

/// A page that is nothing but the script of a waiting room.
pub(crate) const WAITING_SCRIPT: &str = "<html>\n<head><script type=\"text/javascript\" \
    src=\"/js/NetFunnel_skin.js\"></script></head>\n<body></body>\n</html>\n";

/// The end of a page's head, with a script that asks for a place in the queue.
pub(crate) const GUARDED_HEAD: &str = "<script type=\"text/javascript\">\n\
    function go_on() { NetFunnel_Action({action_id: \"rent\"}, function () { document.forms[0].submit(); }); }\n\
    </script>\n</head>";
