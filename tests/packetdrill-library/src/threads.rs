//! What the threads of this process do, as the kernel tells it.
//!
//! The tool's two threads share no word with this library about who waits for whom. The kernel knows: a thread that
//! sleeps has nothing to do, and one that sleeps on a lock or a condition waits for the other thread.

use std::path::{Path, PathBuf};

/// A thread of this process: its folder below `/proc/self/task`.
#[derive(Clone, Debug)]
pub(crate) struct Thread(PathBuf);

impl Thread {
    /// The thread that asks; none where there is no `/proc`.
    pub(crate) fn current() -> Option<Self> {
        let link = std::fs::read_link("/proc/thread-self").ok()?;
        Some(Thread(Path::new("/proc").join(link)))
    }

    /// Whether it sleeps until somebody wakes it.
    pub(crate) fn sleeps(&self) -> bool {
        // The program's name, in parentheses, may have spaces in it; the state comes behind.
        let text = self.read("stat");
        text.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('S'))
    }

    /// Whether it sleeps on a lock or a condition, so that another thread has to wake it.
    pub(crate) fn waits_for_another(&self) -> bool {
        let call = self.read("syscall");
        call.split(' ').next().and_then(|number| number.parse().ok()) == Some(libc::SYS_futex)
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.join(file)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn the_kernel_tells_who_waits() {
        let (ask, asked) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let waiting = std::thread::spawn(move || {
            tell.send(Thread::current()).expect("somebody listens");
            asked.recv().expect("somebody asks");
        });
        let other = told.recv().expect("it says who it is").expect("there is /proc");
        while !other.sleeps() {
            std::thread::yield_now();
        }
        assert!(other.waits_for_another());
        let here = Thread::current().expect("there is /proc");
        assert!(!here.sleeps() && !here.waits_for_another());
        ask.send(()).expect("it listens");
        waiting.join().expect("it ends");
    }
}
