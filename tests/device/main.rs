//! The core's e1000 driver and the host's e1000 model in one process: both real, nothing between them.

mod board;
mod driver_meets_device;
