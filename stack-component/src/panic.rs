//! The end of an instance: the host reads why in its log, and sees a trap.

use crate::bindings::wnet::stack::notify::{self, Level};
use core::fmt::{self, Write};
use core::panic::PanicInfo;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // The allocator may be what failed: no memory is taken here.
    let mut line = Line { bytes: [0; 512], len: 0 };
    // "the stack panicked at FILE:LINE: WHY"
    let _ = write!(line, "the stack {info}");
    notify::log(Level::Error, line.as_str());
    core::arch::wasm32::unreachable()
}

/// A line of bounded length; what does not fit is cut off.
struct Line {
    bytes: [u8; 512],
    len: usize,
}

impl Line {
    fn as_str(&self) -> &str {
        self.bytes.get(..self.len).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            // The host wants one line.
            let char = if char == '\n' { ' ' } else { char };
            let room = self.bytes.get_mut(self.len..).unwrap_or_default();
            if room.len() < char.len_utf8() {
                return Err(fmt::Error);
            }
            self.len += char.encode_utf8(room).len();
        }
        Ok(())
    }
}
