//! What nobody must find in any output.

use super::support::{CLUB, PASSWORD, book, lines, run, stand_in};

const APPLICANT: [&str; 6] =
    ["--applicant-name", "이순신", "--mobile", "010-9876-5432", "--tel", "02-765-4321"];

#[test]
fn json_and_traces_hold_no_password_cookie_name_or_number() {
    for more in [&["--json", "-vv"][..], &["-vv"], &["--dry-run", "--json", "-vv"]] {
        let server = stand_in(|_| {});
        let done = run(&book(&server.base_url(), &[&APPLICANT[..], more].concat()));
        assert_eq!(done.code, Some(0), "{done:?}");
        if more.contains(&"--json") {
            assert!(!lines(&done).is_empty());
        }
        assert!(done.err.contains("DEBUG"), "{done:?}");
        let session = server.arrivals().iter().find_map(|arrival| arrival.session.clone()).unwrap();
        let private =
            [PASSWORD, CLUB, "이순신", "홍길동", "9876-5432", "765-4321", "010-0000", session.as_str()];
        for private in private {
            assert!(!done.out.contains(private) && !done.err.contains(private), "{private} {done:?}");
        }
    }
}
