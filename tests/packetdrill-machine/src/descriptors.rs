//! The descriptors of the one process that there is.

use crate::epoll::Epoll;
use crate::files::Contents;
use crate::tcp::Tcp;
use packetdrill::Errno;
use packetdrill::machine::Fd;

/// The first descriptor: 0 to 2 are the standard streams, which nobody asks about.
const FIRST: Fd = 3;

/// An open file.
pub(crate) struct File {
    /// `O_NONBLOCK`.
    pub(crate) nonblocking: bool,
    pub(crate) kind: Kind,
}

/// What a descriptor stands for.
pub(crate) enum Kind {
    Tcp(Box<Tcp>),
    Epoll(Epoll),
    Contents(Contents),
    /// The end of a pipe that is read from, by the number of the pipe.
    PipeRead(usize),
    /// The other end.
    PipeWrite(usize),
}

/// Open files by descriptor.
#[derive(Default)]
pub(crate) struct Descriptors(Vec<Option<File>>);

impl Descriptors {
    /// Takes the lowest free descriptor.
    pub(crate) fn insert(&mut self, file: File) -> Fd {
        let free = self.0.iter().position(Option::is_none);
        let index = free.unwrap_or_else(|| {
            self.0.push(None);
            self.0.len() - 1
        });
        self.0[index] = Some(file);
        FIRST.saturating_add(Fd::try_from(index).unwrap_or(Fd::MAX))
    }

    pub(crate) fn get(&mut self, fd: Fd) -> Result<&mut File, Errno> {
        self.slot(fd)?.as_mut().ok_or(Errno::EBADF)
    }

    /// The TCP socket of a descriptor, and whether it is non-blocking.
    pub(crate) fn tcp(&mut self, fd: Fd) -> Result<(&mut Tcp, bool), Errno> {
        match self.get(fd)? {
            File { nonblocking, kind: Kind::Tcp(tcp) } => Ok((tcp, *nonblocking)),
            _ => Err(Errno::ENOTSOCK),
        }
    }

    /// All TCP sockets.
    pub(crate) fn tcp_sockets(&mut self) -> impl Iterator<Item = &mut Tcp> {
        self.0.iter_mut().flatten().filter_map(|file| match &mut file.kind {
            Kind::Tcp(tcp) => Some(&mut **tcp),
            _ => None,
        })
    }

    /// The epoll instance of a descriptor.
    pub(crate) fn epoll(&mut self, fd: Fd) -> Result<&mut Epoll, Errno> {
        match &mut self.get(fd)?.kind {
            Kind::Epoll(epoll) => Ok(epoll),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Frees a descriptor. No epoll instance watches it from now on.
    pub(crate) fn remove(&mut self, fd: Fd) -> Result<File, Errno> {
        let file = self.slot(fd)?.take().ok_or(Errno::EBADF)?;
        for file in self.0.iter_mut().flatten() {
            if let Kind::Epoll(epoll) = &mut file.kind {
                epoll.forget(fd);
            }
        }
        Ok(file)
    }

    fn slot(&mut self, fd: Fd) -> Result<&mut Option<File>, Errno> {
        let index = fd.checked_sub(FIRST).and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| self.0.get_mut(index)).ok_or(Errno::EBADF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoll() -> File {
        File { nonblocking: false, kind: Kind::Epoll(Epoll::default()) }
    }

    #[test]
    fn the_lowest_free_number_is_taken() {
        let mut descriptors = Descriptors::default();
        assert_eq!([descriptors.insert(epoll()), descriptors.insert(epoll())], [3, 4]);
        assert!(descriptors.remove(3).is_ok());
        assert!(
            descriptors.remove(3).is_err() && descriptors.get(0).is_err() && descriptors.get(-9).is_err()
        );
        assert_eq!([descriptors.insert(epoll()), descriptors.insert(epoll())], [3, 5]);
    }
}
