//! When routers are asked for: soon, then ever more seldom, until one answers (RFC 4861 section 6.3.7, RFC 7559).
//! Linux: `addrconf_rs_timer`.

use crate::random::{Random, blurred};
use crate::sysctl::Ipv6Conf;
use crate::time::{Duration, Instant};

/// The questions of one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Solicitation {
    /// How many were asked. Linux: `rs_probes`.
    asked: u32,
    /// Between the last one and the next. Linux: `rs_interval`.
    interval: Duration,
    /// When the next one is.
    due: Option<Instant>,
}

impl Solicitation {
    /// The first question, as soon as there is an address to ask from. `now` is when that is known. Linux:
    /// `addrconf_dad_completed`.
    pub fn start(now: Instant, conf: &Ipv6Conf, random: &mut dyn Random) -> Self {
        let interval = Duration::from_secs(conf.router_solicitation_interval.into());
        let due = (conf.router_solicitations != 0).then_some(now);
        Solicitation { asked: 0, interval: blurred(interval, random), due }
    }

    /// A router answered, or nobody is to be asked any more.
    pub fn stop(&mut self) {
        self.due = None;
    }

    /// When [`Solicitation::on_timer`] has something to do.
    pub const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether a question is to be asked now.
    pub fn on_timer(&mut self, now: Instant, conf: &Ipv6Conf, random: &mut dyn Random) -> bool {
        if self.due.is_none_or(|due| due > now) {
            return false;
        }
        self.asked = self.asked.saturating_add(1);
        let may_go_on = u32::try_from(conf.router_solicitations).is_ok_and(|most| self.asked < most)
            || conf.router_solicitations < 0;
        self.due = may_go_on.then_some(now + self.interval);
        let most = Duration::from_secs(conf.router_solicitation_max_interval.into());
        self.interval = blurred(self.interval * 2, random);
        if !most.is_zero() && self.interval > most {
            self.interval = blurred(most, random);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    /// The seconds, as whole tenths, between questions of the first two hours.
    fn gaps(conf: &Ipv6Conf) -> alloc::vec::Vec<f64> {
        let (start, mut random) = (Instant::from_millis(1000), SeededRandom::new(3));
        let mut solicitation = Solicitation::start(start, conf, &mut random);
        let (mut last, mut gaps) = (start, alloc::vec![]);
        while let Some(due) = solicitation.due().filter(|due| due.since(start).as_secs() < 7200) {
            assert!(solicitation.on_timer(due, conf, &mut random));
            gaps.push(due.since(last).as_secs_f64());
            last = due;
        }
        gaps
    }

    #[test]
    fn ever_more_seldom_and_never_the_last() {
        let gaps = gaps(&Ipv6Conf::default());
        assert_eq!(gaps[0], 0.0);
        assert!((3.6..=4.4).contains(&gaps[1]), "{gaps:?}");
        for pair in gaps[1..9].windows(2) {
            assert!((1.8..=2.2).contains(&(pair[1] / pair[0])), "{gaps:?}");
        }
        assert!(gaps.iter().all(|&gap| gap <= 3960.0), "{gaps:?}");
    }

    #[test]
    fn as_often_as_the_settings_say() {
        let conf = Ipv6Conf { router_solicitations: 3, ..Ipv6Conf::default() };
        assert_eq!(gaps(&conf).len(), 3);
        let conf = Ipv6Conf { router_solicitations: 0, ..Ipv6Conf::default() };
        assert_eq!(gaps(&conf).len(), 0);
        let mut random = SeededRandom::new(1);
        let mut stopped = Solicitation::start(Instant::ZERO, &Ipv6Conf::default(), &mut random);
        stopped.stop();
        assert!(!stopped.on_timer(Instant::from_millis(9), &Ipv6Conf::default(), &mut random));
    }
}
