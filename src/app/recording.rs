//! A recording that is being made.

use std::path::PathBuf;

/// How it is going.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Where it is written.
    pub file: PathBuf,
    /// Bytes in the file.
    pub bytes: u64,
    /// Lines let go because the disk was too slow.
    pub lost: u64,
}

impl Recording {
    /// The file's own name.
    pub fn name(&self) -> String {
        self.file.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Bytes for people: `812 B`, `14 kB`, `3.2 MB`.
pub fn size(bytes: u64) -> String {
    let (kilo, mega) = (bytes as f64 / 1e3, bytes as f64 / 1e6);
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{kilo:.0} kB"),
        _ => format!("{mega:.1} MB"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_short() {
        assert_eq!([812, 14_200, 3_210_000].map(super::size), ["812 B", "14 kB", "3.2 MB"]);
    }
}
