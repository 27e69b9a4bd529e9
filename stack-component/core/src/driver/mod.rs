//! Drivers of network hardware. Each makes a [`NetDevice`](crate::device::NetDevice) of a bus.

pub mod e1000;
