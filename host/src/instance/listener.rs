//! The socket of a named instance.

use super::{Folder, InstanceError, InstanceName};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// The socket that an instance listens at. Its files go when it is dropped.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
    /// What tools remember of the instance.
    memory: PathBuf,
    lock: Lock,
}

impl Listener {
    /// Listens as the instance `name`. A socket that a dead process left is replaced. Call it within a tokio
    /// runtime.
    ///
    /// # Errors
    /// When an instance of this name runs, and when the operating system refuses.
    pub fn bind(folder: &Folder, name: &InstanceName) -> Result<Self, InstanceError> {
        let lock = Lock::take(folder.lock(name))?.ok_or_else(|| InstanceError::InUse(name.clone()))?;
        let path = folder.socket(name);
        // The lock is ours: nobody listens there.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(InstanceError::Io { what: "replace an old control socket", error });
            }
            _ => {}
        }
        let socket = UnixListener::bind(&path).map_err(InstanceError::io("listen at the control socket"))?;
        let memory = folder.memory_path(name);
        forget(&memory);
        Ok(Listener { socket, path, memory, lock })
    }

    /// The next connection of the same user. Those of others are closed, whatever the folder lets in.
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let (connection, _) = self.socket.accept().await?;
            if is_of_this_user(&connection)? {
                return Ok(connection);
            }
            tracing::warn!("another user's connection to the control socket was refused");
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The lock is held until the end: nobody else's socket is removed. What cannot be removed is replaced
        // at the next start.
        let _ = fs::remove_file(&self.path);
        forget(&self.memory);
        self.lock.remove();
    }
}

/// Removes a folder that may not be there. What cannot be removed is what a tool finds out of date.
fn forget(memory: &Path) {
    let _ = fs::remove_dir_all(memory);
}

/// Whether the process at the other end is of the user of this one. Linux: SO_PEERCRED.
pub(super) fn is_of_this_user(connection: impl AsFd) -> io::Result<bool> {
    let peer = rustix::net::sockopt::socket_peercred(connection)?;
    Ok(peer.uid == rustix::process::geteuid())
}

/// A lock that ends with the process, whatever ends that.
#[derive(Debug)]
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock at `path`; none if somebody holds it.
    fn take(path: PathBuf) -> Result<Option<Self>, InstanceError> {
        loop {
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&path)
                .map_err(InstanceError::io("make the lock of the control socket"))?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(error) => return Err(InstanceError::io("lock the control socket")(error.into())),
            }
            // Who held it before may have removed the file between the two calls; then it is nobody's lock.
            if is_at(&file, &path) {
                return Ok(Some(Lock { path, _file: file }));
            }
        }
    }

    fn remove(&self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether `file` is what `path` names.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(ours), Ok(there)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    (ours.dev(), ours.ino()) == (there.dev(), there.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> (PathBuf, Folder) {
        let path = std::env::temp_dir().join(format!("wnet-listener-{name}-{}", std::process::id()));
        let folder = Folder::open(&path).unwrap();
        (path, folder)
    }

    #[tokio::test]
    async fn a_name_has_one_instance() {
        let (path, folder) = folder("one");
        let name: InstanceName = "web".parse().unwrap();
        let first = Listener::bind(&folder, &name).unwrap();
        let refused = Listener::bind(&folder, &name).unwrap_err().to_string();
        assert_eq!(refused, "an instance with the name web is running already");
        assert_eq!(folder.running(), std::slice::from_ref(&name));
        drop(first);
        assert!(folder.running().is_empty());
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0, "nothing is left");
        drop(Listener::bind(&folder, &name).unwrap());
        fs::remove_dir(&path).unwrap();
    }

    #[tokio::test]
    async fn what_a_dead_process_left_is_replaced() {
        let (path, folder) = folder("dead");
        let name: InstanceName = "web".parse().unwrap();
        // A socket that nobody listens at any more, and a lock that nobody holds.
        drop(std::os::unix::net::UnixListener::bind(folder.socket(&name)).unwrap());
        fs::write(folder.lock(&name), "").unwrap();
        assert!(folder.running().is_empty(), "it is not listed");
        let listener = Listener::bind(&folder, &name).unwrap();
        let client = UnixStream::connect(folder.socket(&name)).await.unwrap();
        let accepted = listener.accept().await.unwrap();
        assert!(is_of_this_user(&accepted).unwrap() && is_of_this_user(&client).unwrap());
        drop(listener);
        fs::remove_dir(&path).unwrap();
    }
}
