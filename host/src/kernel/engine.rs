//! Engines, the compile cache, and the clock that ends endless loops.

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;
use wasmtime::{Cache, CacheConfig, Config, Engine, Result};

/// Stack that WebAssembly code may use, in bytes; guests and the stack component alike.
pub(crate) const MAX_WASM_STACK: usize = 512 << 10;

/// Stack that the host's functions get in a guest's fiber, in bytes.
pub(crate) const HOST_STACK: usize = 512 << 10;

/// How hard zstd compresses what was compiled; its own default.
const COMPRESSION: i32 = 3;

/// Time between two epochs of the stack's engine.
pub(crate) const EPOCH: Duration = Duration::from_millis(100);

/// The same of the guests' engine: how long one that computes keeps others waiting who share its thread. Linux gives a
/// process some milliseconds at a time.
const GUEST_EPOCH: Duration = Duration::from_millis(10);

/// The engine of the stack component: no concurrency support, so that calls are plain calls and legal from
/// inside of a guest's fiber.
pub(super) fn stack_engine(cache: bool) -> Result<Engine> {
    let mut config = common(cache);
    config.max_wasm_stack(MAX_WASM_STACK);
    start(&config, EPOCH)
}

/// The engine for guests of WASI 0.2, one for all.
pub(crate) fn guest_engine(cache: bool) -> Result<Engine> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    one_for_all(&ENGINE, || guest_config(cache))
}

/// The engine for guests of WASI 0.3, one for all, whose calls are tasks that run at the same time. Those of 0.2 would
/// pay for that with every call, so they have the other engine.
pub(crate) fn concurrent_guest_engine(cache: bool) -> Result<Engine> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    one_for_all(&ENGINE, || {
        let mut config = guest_config(cache);
        config.concurrency_support(true);
        config.wasm_component_model_async(true);
        config
    })
}

/// A guest's fiber holds the guest's stack, that of the stack component which it calls through the gate, and the frames
/// of the host between them.
fn guest_config(cache: bool) -> Config {
    let mut config = common(cache);
    config.max_wasm_stack(MAX_WASM_STACK);
    config.async_stack_size(2 * MAX_WASM_STACK + HOST_STACK);
    config
}

fn one_for_all(place: &OnceLock<Engine>, config: impl FnOnce() -> Config) -> Result<Engine> {
    if let Some(engine) = place.get() {
        return Ok(engine.clone());
    }
    // If two begin at once, one of theirs is for nothing.
    let engine = start(&config(), GUEST_EPOCH)?;
    Ok(place.get_or_init(|| engine).clone())
}

fn common(cache: bool) -> Config {
    let mut config = Config::new();
    config.concurrency_support(false);
    config.wasm_component_model(true);
    config.epoch_interruption(true);
    config.cache(if cache { compile_cache() } else { None });
    config
}

fn start(config: &Config, epoch: Duration) -> Result<Engine> {
    let engine = Engine::new(config)?;
    let ticking = engine.weak();
    thread::Builder::new().name("epochs".into()).spawn(move || {
        while let Some(engine) = ticking.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(epoch);
        }
    })?;
    Ok(engine)
}

/// The cache of compiled components, one for the process, in the user's cache directory. Without one,
/// everything works, only later.
fn compile_cache() -> Option<Cache> {
    static CACHE: OnceLock<Option<Cache>> = OnceLock::new();
    let mut config = CacheConfig::new();
    // What is used often would be compressed again with zstd's level 20 by whoever happens to use it then, which takes
    // that process 170 MiB for nothing but some disk space.
    config.with_baseline_compression_level(COMPRESSION).with_optimized_compression_level(COMPRESSION);
    let make = || match Cache::new(config) {
        Ok(cache) => Some(cache),
        Err(error) => {
            tracing::warn!("no cache for compiled components, every start compiles anew: {error:#}");
            None
        }
    };
    CACHE.get_or_init(make).clone()
}
