//! Drawing the Calls screen: everything, one changed cell, nothing changed; on boards of three sizes, against ratatui's own
//! table of the same visible rows through ratatui's own terminal.

use crate::{
    events::{KEY, at, event, update as told},
    ratios::Ratios,
};
use criterion::{BatchSize, BenchmarkId, Criterion};
use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    layout::{Constraint, Rect},
    widgets::{Row, Table},
};
use sidetone::{
    app::{
        Model, Msg,
        calls::{ColumnShows, fact, value},
        keymap::Keymap,
        settings::AppSettings,
        update,
    },
    domain::Link,
    shell::TerminalScreen,
    ui::{self, Theme},
};
use std::io;

/// A program with `n` calls on its screen.
struct Desk {
    model: Model,
    now: u64,
}

impl Desk {
    fn new(n: usize, width: u16, height: u16) -> Self {
        let columns = Some([KEY, "attribute_00", "attribute_01", "attribute_02"].map(str::to_owned).to_vec());
        let settings = AppSettings { columns, ..AppSettings::default() };
        let model = Model::new(at(0), Rect::new(0, 0, width, height), settings, Keymap::default());
        let mut desk = Self { model, now: 0 };
        drop(update(&mut desk.model, at(0), Msg::Link(Link::Live)));
        for i in 0..n {
            desk.tell(&event(i, 3_072, "0"));
        }
        desk.model.prepare(at(desk.now));
        desk
    }

    fn tell(&mut self, raw: &str) {
        let msg = Msg::Update(Box::new(told(&self.model.monitor.board, raw)));
        drop(update(&mut self.model, at(self.now), msg));
    }

    /// One value of the first call becomes another.
    fn change(&mut self, values: &[String; 2]) {
        self.now += 33;
        self.tell(&values[(self.now / 33 % 2) as usize]);
    }

    fn draw(&mut self, screen: &mut TerminalScreen) {
        self.model.prepare(at(self.now));
        screen.draw(&mut io::sink(), |buf| ui::view(&self.model, Theme::Terminal, buf)).expect("nothing is written");
    }

    /// The rows that are seen, as text: what an application hands to ratatui's table.
    fn rows(&self) -> Vec<Row<'_>> {
        let (calls, board) = (&self.model.calls, &self.model.monitor.board);
        let page = usize::from(calls.areas(self.model.size).table.height);
        let shown = calls.rows.iter().skip(calls.scroll).take(page).filter_map(|id| board.get(id.as_str()));
        shown
            .map(|entry| {
                Row::new(calls.columns.iter().map(|column| match column.show {
                    ColumnShows::Attribute(n) => {
                        value(&entry.conversation, calls.keys[n].as_str()).map_or("", |(_, a)| a.value.as_str()).into()
                    }
                    ColumnShows::Fact(show) => fact(&entry.conversation, show, board, at(self.now)),
                }))
            })
            .collect()
    }
}

type Reference = Terminal<CrosstermBackend<io::Sink>>;

fn reference(width: u16, height: u16) -> Reference {
    let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, width, height)) };
    Terminal::with_options(CrosstermBackend::new(io::sink()), options).expect("nothing is written")
}

fn draw_reference(desk: &mut Desk, terminal: &mut Reference) {
    desk.model.prepare(at(desk.now));
    let widths = desk.model.calls.columns.iter().map(|c| Constraint::Length(c.width));
    let table = Table::new(desk.rows(), widths).column_spacing(2);
    terminal.draw(|frame| frame.render_widget(table, frame.area())).expect("nothing is written");
}

/// Frames at two sizes.
pub fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let mut group = criterion.benchmark_group("draw");
    for (size, width, height) in [("80x24", 80, 24), ("200x60", 200, 60)] {
        for n in [100, 10_000] {
            let mut desk = Desk::new(n, width, height);
            let values = [event(0, 3_072, "1"), event(0, 3_072, "2")];
            let mut screen = TerminalScreen::new(width, height);
            desk.draw(&mut screen);
            group.bench_function(BenchmarkId::new(format!("nothing_{size}"), n), |bench| {
                bench.iter(|| desk.draw(&mut screen));
            });
            group.bench_function(BenchmarkId::new(format!("one_cell_{size}"), n), |bench| {
                bench.iter(|| {
                    desk.change(&values);
                    desk.draw(&mut screen);
                });
            });
            group.bench_function(BenchmarkId::new(format!("full_{size}"), n), |bench| {
                bench.iter(|| {
                    screen.forget();
                    desk.draw(&mut screen);
                });
            });
            if n > 100 {
                continue;
            }
            let mut terminal = reference(width, height);
            group.bench_function(format!("table_nothing_{size}"), |bench| {
                bench.iter(|| draw_reference(&mut desk, &mut terminal));
            });
            group.bench_function(format!("table_one_cell_{size}"), |bench| {
                bench.iter(|| {
                    desk.change(&values);
                    draw_reference(&mut desk, &mut terminal);
                });
            });
            group.bench_function(format!("table_full_{size}"), |bench| {
                // Its own way of starting over asks the terminal; a new one knows nothing of what is on it either.
                let new = || reference(width, height);
                bench.iter_batched(new, |mut new| draw_reference(&mut desk, &mut new), BatchSize::LargeInput);
            });
        }
        for case in ["nothing", "one_cell", "full"] {
            ratios.add(format!("draw/{case}_{size}/100"), format!("draw/table_{case}_{size}"), "at most 1.5");
            ratios.add(format!("draw/{case}_{size}/10000"), format!("draw/{case}_{size}/100"), "at most 1.2");
        }
    }
    group.finish();
}
