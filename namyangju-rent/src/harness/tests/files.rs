//! The files that a page names, for the clock.

use crate::harness::Capture;
use crate::pages::files::static_file;
use crate::pages::reading::Reading;
use crate::{Site, Step};

#[test]
fn only_a_file_of_the_site_itself_is_taken() {
    let site = Site::builtin("namyangju").unwrap();
    let found = |body: &str| {
        let url = "https://www.nyj.go.kr/rent/";
        let page = Capture::new(Step::Home, url, body.as_bytes().to_vec()).page(&site).unwrap();
        static_file(&Reading::new(&site, &page)).map(String::from)
    };
    let css = Some("https://www.nyj.go.kr/rent/css/common.css".to_owned());
    assert_eq!(found("<link rel=stylesheet href=/rent/css/common.css><img src=/a.png>"), css);
    assert_eq!(found("<link rel=stylesheet href='css/common.css'>"), css);
    assert_eq!(
        found("<script src=//cdn.example.org/x.js></script><img src=/a.PNG>").unwrap(),
        "https://www.nyj.go.kr/a.PNG"
    );
    for nothing in
        ["", "<img src=/captcha.php>", "<link href=https://cdn.example.org/a.css>", "<img src='http://[x'>"]
    {
        assert_eq!(found(nothing), None, "{nothing}");
    }
}
