//! The options that guests set on their sockets.

/// What was set, each option once, in the order in which they were last set; kept so that a socket can be made again.
#[derive(Clone, Debug)]
pub(super) struct Remembered<O>(Vec<O>);

impl<O> Default for Remembered<O> {
    fn default() -> Self {
        Remembered(Vec::new())
    }
}

impl<O: Copy> Remembered<O> {
    /// Remembers an option that the stack accepted.
    pub(super) fn remember(&mut self, option: O) {
        self.0.retain(|earlier| std::mem::discriminant(earlier) != std::mem::discriminant(&option));
        self.0.push(option);
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = O> + '_ {
        self.0.iter().copied()
    }
}

/// Getters and setters of a resource, in the names that its generation of wasi:sockets has for them: what the stack is
/// called with, and the option that is set. `$socket` finds the socket, `$ask` asks the stack.
macro_rules! getters_and_setters {
    ($socket:ident, $ask:ident, $option:ident;
     $($get:ident, $set:ident: $type:ty = $call:ident, $variant:ident;)*) => {$(
        fn $get(&mut self, this: Socket) -> SocketResult<$type> {
            $ask!(self.$socket(&this)?, $call)
        }

        fn $set(&mut self, this: Socket, value: $type) -> SocketResult<()> {
            self.$socket(&this)?.set($option::$variant(value))
        }
    )*};
}
pub(super) use getters_and_setters;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::tcp::TcpOption;

    #[test]
    fn the_last_value_of_each_option_is_kept() {
        let mut options = Remembered::default();
        for option in [
            TcpOption::HopLimit(1),
            TcpOption::KeepAlive(true),
            TcpOption::HopLimit(2),
            TcpOption::Backlog(9),
        ] {
            options.remember(option);
        }
        let kept: Vec<_> = options.iter().collect();
        assert_eq!(kept, [TcpOption::KeepAlive(true), TcpOption::HopLimit(2), TcpOption::Backlog(9)]);
    }
}
