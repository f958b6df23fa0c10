//! One test for each rule.

use super::robot::PLACE;
use super::*;
use crate::harness::*;

#[test]
fn a_booking_goes_through_in_both_cities() {
    for (city, place) in [("namyangju", PLACE), ("cheonan", "CHEONAN02/19/19")] {
        let mut robot = Robot::at(city, Settings::default());
        assert_eq!(robot.log_in().set_cookies().len(), 3, "{city}");
        let form = robot.form(place, &[2, 3]);
        let (action, fields) = robot.read_form(&form);
        assert!(action.ends_with(if city == "cheonan" { "/rent/process" } else { "/rent/process/rent" }));
        // What a browser would send is the dialect's list, in its order.
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name).collect();
        names.dedup();
        let site = robot.site();
        let wanted: Vec<&str> = site.dialect.application.fields.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, wanted, "{city}");
        let answer = robot.submit(&form);
        assert_eq!(answer.status, 302, "{city}: {}", robot.text(&answer));
        let booked = robot.stand_in.bookings().first().unwrap();
        assert!(answer.header("location").unwrap().ends_with(&format!("/{}", booked.receipt)));
        assert_eq!(booked.account, "tester1");
        assert_eq!(booked.slots.len(), 2);
        assert_eq!(booked.fields.first("club_name"), Some("테스트클럽"));
    }
}
