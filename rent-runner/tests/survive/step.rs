use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The wall clock of a scenario's runners.
#[derive(Clone)]
pub(crate) struct WallClock {
    library: &'static Path,
    file: PathBuf,
}

impl WallClock {
    /// A clock that is right, as long as nobody steps it; `None` where it cannot be stepped.
    pub(crate) fn new(folder: &Path) -> Option<Self> {
        let clock = Self { library: library()?, file: folder.join("step") };
        clock.step(0);
        Some(clock)
    }

    /// Sets the clock of all its runners to so many microseconds ahead of the machine's.
    pub(crate) fn step(&self, micros: i64) {
        use std::os::unix::fs::FileExt as _;
        let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&self.file);
        // In one piece: the runners have the file in their memory.
        file.unwrap().write_all_at(&micros.to_ne_bytes(), 0).unwrap();
    }

    /// Gives a process this clock.
    pub(crate) fn give(&self, command: &mut Command) {
        command.env("LD_PRELOAD", self.library).env("STEP_FILE", &self.file);
    }
}

/// `step.c`, compiled: on Linux Rust needs a C compiler to link. Elsewhere the clock is not stepped.
fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let compile = || {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("step.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/survive/step.c");
        let done =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
        done.is_ok_and(|status| status.success()).then_some(library)
    };
    LIBRARY.get_or_init(compile).as_deref()
}
