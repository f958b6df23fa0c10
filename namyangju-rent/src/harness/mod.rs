//! placeholder until the stand-in lands
use std::{future::Future, pin::Pin, sync::Mutex, time::Duration};
/// x
#[derive(Debug)]
pub struct ManualClock(Mutex<(crate::SeoulTime, Duration)>);
impl ManualClock {
    /// x
    pub fn new(t: crate::SeoulTime) -> Self {
        Self(Mutex::new((t, Duration::ZERO)))
    }
    /// x
    pub fn advance(&self, d: Duration) {
        let mut g = self.0.lock().unwrap();
        g.0 = g.0.plus(d);
        g.1 += d;
    }
}
impl crate::Clock for ManualClock {
    fn now(&self) -> crate::SeoulTime {
        self.0.lock().unwrap().0
    }
    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap().1
    }
    fn sleep(&self, d: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.advance(d);
        Box::pin(async {})
    }
}
