//! The journal: what was typed and is not known to be done, and every alarm that was not dismissed, kept where a crash or
//! `kill -9` cannot reach it. Values stand in it as they are, also where the audit masks them.
//!
//! Every running program has a file of its own in the state directory, JSON lines, readable by its owner only, made when
//! there is something to keep. A line is appended when an edit changes. At the next start the files whose program is gone are
//! taken over: their edits are offered as drafts, never sent unasked. An old file goes only when everything of it is in the
//! new one, on the disk; one of which a line cannot be read is set aside and named.

mod files;
mod format;
#[cfg(test)]
mod tests;

use crate::domain::outbox::{Cell, JournalEdit, JournalLoss, JournalState};
use format::{Content, JournalLine};
use indexmap::IndexMap;
use jiff::Timestamp;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// The file is written anew when it is this large and mostly outdated.
const COMPACT: u64 = 1 << 20;
/// A file that is larger is no journal: it is left alone and named.
const LARGEST: u64 = 256 << 20;

/// What earlier runs left.
#[derive(Debug, Default)]
pub struct JournalFiles {
    /// Their edits and losses.
    pub state: JournalState,
    /// What the operator has to know of the files.
    pub remarks: Vec<String>,
}

/// This program's journal.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    org: String,
    /// Made with the first line.
    file: Option<Open>,
    saved: JournalState,
    /// When each text came to be as it is.
    times: FxHashMap<(Cell, usize), Timestamp>,
    /// Files of earlier runs, locked, whose content is not in our file yet.
    adopted: Vec<Adopted>,
}

#[derive(Debug)]
struct Open {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    whole: u64,
    /// There may be a part of a line behind them.
    torn: bool,
}

#[derive(Debug)]
struct Adopted {
    path: PathBuf,
    /// It holds lines that cannot be read, so it is kept.
    damaged: bool,
    _locked: File,
}

impl Journal {
    /// Takes over what programs that are gone have left in the state directory for this organisation (any text that names
    /// it, such as the API address). Nothing is created while there is nothing to keep, and nothing that is wrong with the
    /// directory keeps the program from starting: it is in the remarks, or an error of [`Self::save`].
    pub fn open(dir: &Path, org: &str) -> (Self, JournalFiles) {
        let mut journal = Self {
            dir: dir.to_owned(),
            org: org.to_owned(),
            file: None,
            saved: JournalState::default(),
            times: FxHashMap::default(),
            adopted: Vec::new(),
        };
        let mut left = JournalFiles::default();
        let paths = files::list(dir).unwrap_or_else(|e| {
            left.remarks.push(format!("Drafts of earlier runs in {} cannot be looked for: {e}", dir.display()));
            Vec::new()
        });
        files::sweep(dir);
        left.remarks.extend(remark_on_damaged(&files::damaged(dir)));
        for path in paths {
            journal.take_over(path, &mut left);
        }
        // Every edit of an earlier run has its time already, or none is known.
        if let Err(e) = journal.note(&left.state, None) {
            left.remarks
                .push(format!("Drafts of earlier runs were read, but cannot be kept anew in {}: {e}", dir.display()));
        }
        (journal, left)
    }

    fn take_over(&mut self, path: PathBuf, left: &mut JournalFiles) {
        // Held by a running program: its drafts are on somebody's screen.
        let Some(mut file) = files::adopt(&path) else { return };
        let shown = path.display();
        if file.metadata().is_ok_and(|m| m.len() > LARGEST) {
            return left.remarks.push(format!("{shown} is too large to be a journal; it was left alone."));
        }
        let mut text = Vec::new();
        if let Err(e) = file.read_to_end(&mut text) {
            return left.remarks.push(format!("{shown} cannot be read: {e}"));
        }
        let content = Content::read(&text);
        if !content.orgs.is_empty() && !content.orgs.contains(&self.org) {
            return;
        }
        let damaged = content.damaged;
        if damaged > 0 {
            let lines = if damaged == 1 { "1 line".to_owned() } else { format!("{damaged} lines") };
            left.remarks.push(format!(
                "A file of kept drafts is damaged ({lines}). What can be read of it is listed: compare it before sending. The file \
                 is kept as {}.",
                files::aside(&path).display()
            ));
        }
        merge(&mut left.state, content);
        self.adopted.push(Adopted { path, damaged: damaged > 0, _locked: file });
    }

    /// Writes down what changed since the last time, as of `now`. Cheap when nothing did.
    ///
    /// # Errors
    /// It could not be written; the next call tries again, so nothing is lost that a later one can keep.
    pub fn save(&mut self, state: &JournalState, now: Timestamp) -> io::Result<()> {
        self.note(state, Some(now))
    }

    /// Returns when everything saved is on the disk rather than in a cache of the system.
    ///
    /// # Errors
    /// The disk says no.
    pub fn sync(&mut self) -> io::Result<()> {
        let Some(open) = &self.file else { return Ok(()) };
        files::sync_names(&self.dir);
        open.file.sync_data()
    }

    fn note(&mut self, state: &JournalState, now: Option<Timestamp>) -> io::Result<()> {
        if *state != self.saved {
            let (lines, times) = self.changes(state, now);
            self.append(&lines)?;
            self.times = times;
            self.saved = state.clone();
            self.compact();
        }
        if !self.adopted.is_empty() {
            self.sync()?;
            for Adopted { path, damaged, .. } in self.adopted.drain(..) {
                // A file that stays is only offered again.
                match damaged {
                    true => std::fs::rename(&path, files::aside(&path)).ok(),
                    false => std::fs::remove_file(&path).ok(),
                };
            }
        }
        Ok(())
    }

    /// The lines that make the new state of the saved one, and since when each text is as it is.
    fn changes(
        &self,
        state: &JournalState,
        now: Option<Timestamp>,
    ) -> (Vec<JournalLine>, FxHashMap<(Cell, usize), Timestamp>) {
        let before: FxHashMap<(&Cell, usize), &JournalEdit> =
            format::slots(&self.saved).into_iter().map(|(slot, e)| ((&e.cell, slot), e)).collect();
        let (mut lines, mut times) = (Vec::new(), FxHashMap::default());
        let edits = format::slots(state);
        for (slot, edit) in &edits {
            let place = (edit.cell.clone(), *slot);
            let same = before.get(&(&edit.cell, *slot)) == Some(edit);
            let at = if same { self.times.get(&place).copied() } else { edit.at.or(now) };
            if !same {
                lines.push(format::edit_line(*slot, edit, at.as_ref()));
            }
            times.extend(at.map(|at| (place, at)));
        }
        let there: rustc_hash::FxHashSet<(&Cell, usize)> = edits.iter().map(|(slot, e)| (&e.cell, *slot)).collect();
        let gone = before.keys().filter(|place| !there.contains(*place));
        lines.extend(gone.map(|(cell, slot)| format::gone_line(*slot, cell)));
        lines.extend(state.losses.iter().filter(|l| !self.saved.losses.contains(l)).map(format::loss_line));
        let is_there = |l: &&JournalLoss| state.losses.iter().any(|s| s.cell == l.cell);
        lines.extend(self.saved.losses.iter().filter(|l| !is_there(l)).map(|l| format::loss_gone_line(&l.cell)));
        (lines, times)
    }

    /// One write for all lines: a program that is killed leaves all of them, or the first ones and a torn one.
    fn append(&mut self, lines: &[JournalLine]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let text = format::encode(lines)?;
        let Some(open) = &mut self.file else {
            let text = [format::encode(&self.heads())?, text].concat();
            let (path, file) = files::create(&self.dir, &text)?;
            self.file = Some(Open { path, file, whole: text.len() as u64, torn: false });
            return Ok(());
        };
        // What a full disk cut off must not swallow this line.
        let text = if open.torn { [b"\n", text.as_slice()].concat() } else { text };
        if let Err(e) = open.file.write_all(&text) {
            open.torn = true;
            // On some systems not even that can be done on a full disk.
            open.file.set_len(open.whole).ok();
            return Err(e);
        }
        open.torn = false;
        open.whole += text.len() as u64;
        Ok(())
    }

    /// Twice, so that one damaged byte does not make the file nobody's.
    fn heads(&self) -> [JournalLine; 2] {
        [JournalLine::Org(self.org.clone()), JournalLine::Org(self.org.clone())]
    }

    /// Writes the file anew when most of it is outdated. Where that fails, the old one goes on.
    fn compact(&mut self) {
        let live: usize = self.saved.edits.iter().map(|e| e.mine.len() + 512).sum();
        let Some(open) = &mut self.file else { return };
        if open.whole <= COMPACT || open.whole <= 4 * live as u64 {
            return;
        }
        let mut lines = vec![JournalLine::Org(self.org.clone()), JournalLine::Org(self.org.clone())];
        let edits = format::slots(&self.saved).into_iter();
        lines.extend(edits.map(|(slot, e)| {
            let place = (e.cell.clone(), slot);
            format::edit_line(slot, e, self.times.get(&place))
        }));
        lines.extend(self.saved.losses.iter().map(format::loss_line));
        let Ok(text) = format::encode(&lines) else { return };
        if let Ok(Some(file)) = files::begin(&open.path, &text, true) {
            *open = Open { path: open.path.clone(), file, whole: text.len() as u64, torn: false };
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if let Some(open) = self.file.as_ref().filter(|_| self.saved.is_empty()) {
            // Nothing to offer; a file that stays does no harm.
            std::fs::remove_file(&open.path).ok();
        }
    }
}

/// Files that an earlier start set aside are named until somebody has removed them.
fn remark_on_damaged(paths: &[PathBuf]) -> Option<String> {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!(
            "A damaged file of kept drafts is still there: {one}. Delete it when it is of no use any more."
        )),
        all => Some(format!(
            "Damaged files of kept drafts are still there: {}. Delete them when they are of no use any more.",
            all.join(", ")
        )),
    }
}

/// Adds what a file says. Of several texts for one cell all stay, those of the newer file first, in the order of their file: the
/// operator may have chosen an older text. Of the same text twice the one that had got further stays.
fn merge(state: &mut JournalState, content: Content) {
    let mut edits = content.edits;
    edits.sort_by_key(|(slot, _)| *slot);
    let mut texts: IndexMap<Cell, Vec<JournalEdit>, FxBuildHasher> = IndexMap::default();
    for (_, edit) in edits {
        texts.entry(edit.cell.clone()).or_default().push(edit);
    }
    for (cell, mut texts) in texts {
        let there = state.edits.iter().filter(|e| e.cell == cell).map(|e| e.at).max();
        let newest = texts.iter().map(|e| e.at).max();
        texts.retain(|edit| {
            let Some(same) = state.edits.iter_mut().find(|e| e.cell == cell && e.mine == edit.mine) else {
                return true;
            };
            if edit.got.had_left() || !same.got.had_left() {
                same.clone_from(edit);
            }
            false
        });
        // Files come in the order of their last change: without times, the later one is the newer.
        let mut here = state.edits.iter().enumerate().filter(|(_, e)| e.cell == cell).map(|(place, _)| place);
        let place = if newest >= there { here.next() } else { here.next_back().map(|last| last + 1) };
        let place = place.unwrap_or(state.edits.len());
        state.edits.splice(place..place, texts);
    }
    for loss in content.losses {
        if !state.losses.contains(&loss) {
            state.losses.push(loss);
        }
    }
}
