//! The list of all counters: one line of meaning and Linux's name for each, in the order in which they are shown.
//!
//! Each file has the counters of a protocol, as a macro that puts them behind those before and hands all to the next one.

mod icmp;
mod icmp6;
mod ip;
mod ip6;
mod tcp;
mod tcp_ext;
mod tcp_ext_more;
mod udp;

use icmp::icmp;
use icmp6::icmp6;
use ip::ip;
use ip6::ip6;
use tcp::tcp;
use tcp_ext::tcp_ext;
use tcp_ext_more::tcp_ext_more;
use udp::udp;

macro_rules! counters {
    ([] $($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// One counter of the stack.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Counter { $($(#[$doc])* $name),* }

        impl Counter {
            /// All counters, in the order they are shown.
            pub const ALL: &'static [Counter] = &[$(Counter::$name),*];

            /// Group and name as Linux writes them, with a colon between.
            pub const fn name(self) -> &'static str {
                match self { $(Counter::$name => $text),* }
            }
        }
    };
}

ip! { [icmp udp ip6 icmp6 tcp tcp_ext tcp_ext_more counters] }
