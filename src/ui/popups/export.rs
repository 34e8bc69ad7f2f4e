//! The export menu.

use super::{Cursor, drawer, prompt};
use crate::app::{
    Model,
    popups::{Export, ExportField},
};
use crate::ui::paint::{Bits, Paint, bit};
use ratatui::layout::Rect;

/// Columns of the words before the choices.
const HEAD: u16 = 10;

/// What is handed on, how, and where to.
pub(in crate::ui) fn draw(paint: &mut Paint<'_>, model: &Model, menu: &Export) -> Cursor {
    let t = paint.theme;
    let inner = drawer(paint, model, "Export", 6);
    let mut cursor = None;
    for (i, line) in ExportField::ALL.into_iter().enumerate() {
        let row = Rect { y: inner.y + i as u16, height: 1, ..inner };
        let here = line == menu.line;
        if here {
            paint.put(row.x, row.y, row.x + 1, paint.glyphs.selection, t.accent());
        }
        let (head, choices, chosen): (_, Vec<String>, _) = match line {
            ExportField::Subject => ("what", menu.subjects.iter().map(|s| s.label()).collect(), menu.subject),
            ExportField::Format => {
                let formats = menu.subject().formats();
                ("form", formats.iter().map(|f| f.label().to_owned()).collect(), menu.format)
            }
            ExportField::Mask => {
                let words = ["personal data is masked", "unmasked"];
                ("values", words.map(str::to_owned).into(), usize::from(!menu.mask))
            }
            ExportField::File => ("file", Vec::new(), 0),
        };
        paint.put(row.x + 2, row.y, row.x + HEAD, head, if here { t.strong() } else { t.quiet() });
        let x = row.x + HEAD;
        if line == ExportField::File {
            let end = row.right();
            let at = prompt(paint, "", &menu.path, x.saturating_sub(1), row.y, end);
            cursor = at.filter(|_| here);
            continue;
        }
        let mut bits: Bits<'_> = Vec::new();
        for (i, choice) in choices.into_iter().enumerate() {
            let (mark, style) = if i == chosen { (paint.glyphs.on, t.accent()) } else { (paint.glyphs.not, t.quiet()) };
            let words = if i == chosen { t.text() } else { t.quiet() };
            bits.extend([bit(mark, style), bit(" ", words), bit(choice, words), bit("   ", words)]);
        }
        paint.bits(x, row.y, row.right(), &bits);
    }
    let y = inner.y + ExportField::ALL.len() as u16 + 1;
    let (words, style) = match &menu.exists {
        Some(_) => ("The file is there already: write again to replace it, or change the name.", t.warn()),
        None if !menu.mask => ("Card numbers, ids, e-mail addresses, telephone numbers will be readable.", t.warn()),
        None => ("Only you can read it. Without a folder it goes where Sidetone was started.", t.quiet()),
    };
    paint.put(inner.x + 2, y, inner.right(), words, style);
    cursor
}
