//! open(2), pipe(2), sendfile(2), splice(2).

use super::{Attempt, Process, Progress, Stop, done};
use crate::descriptors::{File, Kind};
use crate::files::{Contents, Pipe};
use packetdrill::Errno;
use packetdrill::machine::{Answer, Call, Fd};

impl Process {
    /// Calls about files and pipes.
    pub(super) fn attempt_moving(&mut self, call: &Call, progress: &mut Progress) -> Attempt {
        match call {
            Call::Pipe => {
                let pipe = self.pipes.len();
                self.pipes.push(Pipe::default());
                let end = |kind| File { nonblocking: false, kind };
                let read = self.descriptors.insert(end(Kind::PipeRead(pipe)));
                let write = self.descriptors.insert(end(Kind::PipeWrite(pipe)));
                Ok(Answer { fds: vec![read, write], ..Answer::default() })
            }
            Call::Open { path, flags, .. } => {
                let kind = Kind::Contents(Contents::open(path, *flags)?);
                done(self.descriptors.insert(File { nonblocking: false, kind }).into())
            }
            Call::SendFile { output, input, offset, len } => {
                self.send_file(*output, *input, *offset, *len, progress)
            }
            Call::Splice { input, output, len, .. } => self.splice(*input, *output, *len, progress),
            _ => Err(Errno::ENOSYS.into()),
        }
    }

    fn send_file(
        &mut self,
        output: Fd,
        input: Fd,
        offset: Option<i64>,
        len: usize,
        progress: &mut Progress,
    ) -> Attempt {
        let data = match &self.descriptors.get(input)?.kind {
            Kind::Contents(contents) => contents.at(offset, len).to_vec(),
            _ => return Err(Errno::EINVAL.into()),
        };
        let answer = self.send(output, &data, 0, None, progress)?;
        if offset.is_none()
            && let Kind::Contents(contents) = &mut self.descriptors.get(input)?.kind
        {
            contents.advance(usize::try_from(answer.value).unwrap_or(0));
        }
        Ok(answer)
    }

    /// Between a socket and a pipe, either way.
    fn splice(&mut self, input: Fd, output: Fd, len: usize, progress: &mut Progress) -> Attempt {
        let pipe_in = self.pipe_end(input)?;
        let pipe_out = self.pipe_end(output)?;
        match (pipe_in, pipe_out) {
            (None, Some(pipe)) => {
                let len = len.min(self.pipe(pipe)?.room());
                let answer = self.receive(input, len, 0, progress)?;
                self.pipe(pipe)?.put(&answer.data);
                done(answer.value)
            }
            (Some(pipe), None) => {
                let data = self.pipe(pipe)?.peek(len);
                let answer = self.send(output, &data, 0, None, progress)?;
                self.pipe(pipe)?.drop_front(usize::try_from(answer.value).unwrap_or(0));
                done(answer.value)
            }
            _ => Err(Errno::EINVAL.into()),
        }
    }

    /// read(2) of what is no socket; none if it is one.
    pub(super) fn read_file(&mut self, fd: Fd, len: usize) -> Result<Option<Answer>, Stop> {
        let data = match &mut self.descriptors.get(fd)?.kind {
            Kind::Contents(contents) => {
                let data = contents.at(None, len).to_vec();
                contents.advance(data.len());
                data
            }
            Kind::PipeRead(pipe) => {
                let pipe = *pipe;
                let data = self.pipe(pipe)?.peek(len);
                self.pipe(pipe)?.drop_front(data.len());
                if data.is_empty() && len > 0 {
                    return Err(Stop::Wait(None));
                }
                data
            }
            _ => return Ok(None),
        };
        let value = i64::try_from(data.len()).unwrap_or(i64::MAX);
        Ok(Some(Answer { value, data, ..Answer::default() }))
    }

    /// write(2) to what is no socket; none if it is one.
    pub(super) fn write_file(&mut self, fd: Fd, data: &[u8]) -> Result<Option<Answer>, Stop> {
        let Kind::PipeWrite(pipe) = self.descriptors.get(fd)?.kind else { return Ok(None) };
        let pipe = self.pipe(pipe)?;
        let len = data.len().min(pipe.room());
        if len == 0 && !data.is_empty() {
            return Err(Stop::Wait(None));
        }
        pipe.put(&data[..len]);
        done(i64::try_from(len).unwrap_or(i64::MAX)).map(Some)
    }

    fn pipe_end(&mut self, fd: Fd) -> Result<Option<usize>, Errno> {
        Ok(match self.descriptors.get(fd)?.kind {
            Kind::PipeRead(pipe) | Kind::PipeWrite(pipe) => Some(pipe),
            _ => None,
        })
    }

    fn pipe(&mut self, index: usize) -> Result<&mut Pipe, Errno> {
        self.pipes.get_mut(index).ok_or(Errno::EBADF)
    }
}
