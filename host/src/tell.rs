//! Lines for the user on standard error.

use std::fmt::Display;
use std::io::{self, Write};

/// Says `line` on standard error, behind the program's name. Where nobody reads it any more, as behind a terminal that was
/// closed, it is lost and nothing else: `eprintln!` would end the thread.
pub fn tell(line: impl Display) {
    if cfg!(test) {
        // Of a test that passes nobody wants to hear.
        return println!("wnet: {line}");
    }
    tell_to(&mut io::stderr().lock(), line);
}

fn tell_to(stream: &mut impl Write, line: impl Display) {
    // In one piece, so that lines of several writers do not mix.
    let _ = stream.write_all(format!("wnet: {line}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_nobody_reads_is_lost() {
        let mut heard = Vec::new();
        tell_to(&mut heard, "all is well");
        assert_eq!(heard, b"wnet: all is well\n");
        let (reader, mut writer) = io::pipe().unwrap();
        drop(reader);
        tell_to(&mut writer, "all is lost");
    }
}
