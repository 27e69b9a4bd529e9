//! Keys of Fast Open cookies as text.

/// The one or two 128-bit keys that a text like `8d4f0cbc-1bd4c1ff-4d0d7b5d-2ffbe3b2` says, comma between them;
/// none at all for an empty text. Linux: `proc_tcp_fastopen_key`.
pub fn fast_open_keys(text: &str) -> Option<[Option<[u8; 16]>; 2]> {
    let mut keys = [None; 2];
    if text.is_empty() {
        return Some(keys);
    }
    let mut words = text.split(',');
    for place in &mut keys {
        let Some(word) = words.next() else { break };
        let mut key = [0; 16];
        let mut groups = word.trim().split('-');
        for part in key.chunks_exact_mut(4) {
            let group = groups.next().filter(|group| (1..=8).contains(&group.len()))?;
            part.copy_from_slice(&u32::from_str_radix(group, 16).ok()?.to_le_bytes());
        }
        if groups.next().is_some() {
            return None;
        }
        *place = Some(key);
    }
    words.next().is_none().then_some(keys)
}
