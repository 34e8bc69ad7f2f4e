//! Handing on: the text of an export, and its way to a file.

use super::files;
use crate::{
    app::{
        Model,
        export::{ExportPlan, Format, NotWritten, Subject},
    },
    config,
    domain::{At, BoardEntry, findings::Finding, mask},
    export::{self, Counts, ExportOptions, ExportedCall, screen},
    ui::{self, Theme},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{
    cmp::Reverse,
    env, io,
    path::{Path, absolute},
};

/// An export, ready to go.
#[derive(Debug)]
pub(super) struct MadeExport {
    /// The whole text.
    pub(super) text: String,
    /// What it holds, in words.
    pub(super) words: String,
}

/// Makes the text of an export.
///
/// # Errors
/// What went wrong, in words.
pub(super) fn make(model: &mut Model, theme: Theme, plan: &ExportPlan, now: At) -> Result<MadeExport, String> {
    let options = ExportOptions { mask: plan.mask, now: now.wall };
    let entries: Vec<&BoardEntry> = match &plan.subject {
        Subject::Screen => return Ok(picture(model, theme, plan)),
        Subject::Call(id) => model.monitor.board.get(id.as_str()).into_iter().collect(),
        Subject::Shown(ids) => ids.iter().filter_map(|id| model.monitor.board.get(id.as_str())).collect(),
        Subject::All(_) => model.monitor.board.iter().collect(),
    };
    let findings: Vec<Vec<Finding>> = entries
        .iter()
        .map(|entry| {
            let mut of: Vec<Finding> = model.monitor.examiner.of(entry.conversation.id.as_str()).collect();
            of.sort_by_key(|f| Reverse(f.severity));
            of
        })
        .collect();
    let calls: Vec<ExportedCall<'_>> = entries
        .iter()
        .zip(&findings)
        .map(|(entry, findings)| ExportedCall { entry, names: &model.monitor.board.names, findings })
        .collect();
    let failed = |e: &dyn std::fmt::Display| format!("The export failed: {e}");
    let text = match (calls.as_slice(), &plan.subject, plan.format) {
        ([], ..) => return Err("The call is no longer here.".into()),
        ([call], Subject::Call(_), Format::Html) => export::call_html(*call, options),
        ([call], Subject::Call(_), Format::Markdown) => export::call_markdown(*call, options),
        ([call], Subject::Call(_), Format::Json) => export::call_json(*call, options).map_err(|e| failed(&e))?,
        (calls, _, Format::Csv) => export::board_csv(calls, options).map_err(|e| failed(&e))?,
        (calls, _, Format::Json) => export::board_json(calls, options).map_err(|e| failed(&e))?,
        (calls, _, Format::Markdown) => export::board_markdown(calls, options),
        (_, _, Format::Html | Format::Svg | Format::Text) => {
            return Err(format!("There is no {} of this.", plan.format.label()));
        }
    };
    Ok(MadeExport { text, words: Counts::of(&calls, options).words(options) })
}

/// The screen as it is under the menu.
fn picture(model: &mut Model, theme: Theme, plan: &ExportPlan) -> MadeExport {
    let overlays = std::mem::take(&mut model.overlays);
    let notice = model.notice.take();
    let masked = model.settings.mask;
    model.settings.mask |= plan.mask;
    let mut buf = Buffer::empty(Rect { x: 0, y: 0, ..model.size });
    ui::view(model, theme, &mut buf);
    model.overlays = overlays;
    model.notice = notice;
    model.settings.mask = masked;
    let words = if plan.mask {
        let names = export::people(model.monitor.board.iter().map(|entry| &entry.conversation));
        screen::cover(&mut buf, if model.settings.ascii { '*' } else { mask::COVER }, &names);
        "the screen, with personal data and names masked"
    } else {
        "the screen"
    };
    let text = match plan.format {
        Format::Text => screen::text(&buf),
        _ => screen::svg(&buf, if theme.is_light() { &screen::LIGHT } else { &screen::DARK }),
    };
    MadeExport { text, words: words.into() }
}

/// Puts an export into a file; what was written, in words.
pub(super) fn write(path: &str, replace: bool, made: &MadeExport) -> Result<String, NotWritten> {
    let path = files::from_home(path);
    let shown = absolute(&path).unwrap_or_else(|_| path.clone());
    let home = env::home_dir().filter(|home| home.parent().is_some());
    let shown = match home.and_then(|home| shown.strip_prefix(home).ok().map(|rest| Path::new("~").join(rest))) {
        Some(short) => short.display().to_string(),
        None => shown.display().to_string(),
    };
    match config::write_private(&path, made.text.as_bytes(), replace) {
        Ok(()) => Ok(format!("Wrote {shown}: {}.", made.words)),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(NotWritten::Exists(shown)),
        Err(e) => Err(NotWritten::Failed(format!("{shown} could not be written: {e}"))),
    }
}
