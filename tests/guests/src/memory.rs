//! How much memory there is.

/// Takes megabytes until there are none left, and says how many there were.
pub fn take() {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut megabyte = Vec::new();
        if megabyte.try_reserve_exact(1 << 20).is_err() {
            println!("{} megabytes, then out of memory", taken.len());
            return;
        }
        taken.push(megabyte);
    }
}
