//! Patterns of names, as shells have them.

/// Whether a name is as a pattern says: `*` is anything, `?` one letter. iproute2: `fnmatch`.
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    // Where to go on if what follows the last star does not fit.
    let (mut at, mut place, mut star) = (0, 0, None);
    while place < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, place));
                at += 1;
            }
            Some(c) if *c == b'?' || name.get(place) == Some(c) => {
                (at, place) = (at + 1, place + 1);
            }
            _ => match star {
                Some((behind, from)) => {
                    (at, place) = (behind, from + 1);
                    star = Some((behind, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|c| *c == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit() {
        for (pattern, name, expected) in [
            ("*", "TcpInSegs", true),
            ("tcp*", "TcpInSegs", false),
            ("*Segs", "TcpInSegs", true),
            ("Tcp?nSegs", "TcpInSegs", true),
            ("Tcp", "TcpInSegs", false),
            ("*In*gs*", "TcpInSegs", true),
            ("*x*", "TcpInSegs", false),
            ("", "", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
