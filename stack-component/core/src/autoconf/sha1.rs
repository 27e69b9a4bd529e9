//! SHA-1's inner function (FIPS 180-4 section 6.1.2), for what Linux makes with it. It keeps no secret and proves
//! nothing here: the same bytes are to give the same address as there.

/// The state after one block, from the initial one; nothing is padded. Linux: `sha1_init`, `sha1_transform`.
pub(super) fn of_block(block: &[u8; 64]) -> [u32; 5] {
    let mut schedule = [0u32; 80];
    for (word, bytes) in schedule.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    for i in 16..80 {
        schedule[i] =
            (schedule[i - 3] ^ schedule[i - 8] ^ schedule[i - 14] ^ schedule[i - 16]).rotate_left(1);
    }
    let initial: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let [mut a, mut b, mut c, mut d, mut e] = initial;
    for (i, word) in schedule.into_iter().enumerate() {
        let (mixed, constant) = match i / 20 {
            0 => ((b & c) | (!b & d), 0x5a82_7999),
            1 => (b ^ c ^ d, 0x6ed9_eba1),
            2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next =
            a.rotate_left(5).wrapping_add(mixed).wrapping_add(e).wrapping_add(constant).wrapping_add(word);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    let [i, j, k, l, m] = initial;
    [i.wrapping_add(a), j.wrapping_add(b), k.wrapping_add(c), l.wrapping_add(d), m.wrapping_add(e)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_abc() {
        let mut block = [0; 64];
        // The message, the bit behind it, and its length in bits: one block of FIPS 180-2 appendix A.1.
        block[..4].copy_from_slice(b"abc\x80");
        block[63] = 24;
        assert_eq!(of_block(&block), [0xa999_3e36, 0x4706_816a, 0xba3e_2571, 0x7850_c26c, 0x9cd0_d89d]);
    }
}
