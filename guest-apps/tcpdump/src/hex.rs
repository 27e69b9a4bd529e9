//! Bytes as tcpdump shows them. tcpdump: `hex_print`, `hex_and_ascii_print`.

use std::fmt::Write;

/// Bytes of a line.
const LINE: usize = 16;

/// Lines of 16 bytes, each with its offset, and with the characters behind if they are wanted.
pub(crate) fn dump(bytes: &[u8], ascii: bool) -> String {
    let mut out = String::new();
    for (number, line) in bytes.chunks(LINE).enumerate() {
        let pairs: Vec<String> = line
            .chunks(2)
            .map(|pair| pair.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
            .collect();
        let hex = pairs.join(" ");
        // Writing to a text does not fail.
        let _ = match ascii {
            false => writeln!(out, "\t0x{:04x}:  {hex}", number * LINE),
            true => writeln!(out, "\t0x{:04x}:  {hex:<39}  {}", number * LINE, characters(line)),
        };
    }
    out
}

/// Bytes as text, from a line of their own on. tcpdump: `ascii_print`.
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut bytes = bytes.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            // What ends a line stands for itself.
            b'\r' if bytes.peek() == Some(&b'\n') => {}
            b'\t' | b'\n' | b' ' => out.push(byte.into()),
            byte if byte.is_ascii_graphic() => out.push(byte.into()),
            _ => out.push('.'),
        }
    }
    out + "\n"
}

fn characters(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_its_lines() {
        assert_eq!(text(b"GET /\r\n\r\n\tx\x01\ry"), "GET /\n\n\tx..y\n");
    }

    #[test]
    fn bytes_stand_in_lines_of_sixteen() {
        let bytes: Vec<u8> = (0x38..0x4b).collect();
        assert_eq!(
            dump(&bytes, false),
            "\t0x0000:  3839 3a3b 3c3d 3e3f 4041 4243 4445 4647\n\t0x0010:  4849 4a\n"
        );
        assert_eq!(
            dump(&bytes[..18], true),
            "\t0x0000:  3839 3a3b 3c3d 3e3f 4041 4243 4445 4647  89:;<=>?@ABCDEFG\n\
             \t0x0010:  4849                                     HI\n"
        );
    }
}
