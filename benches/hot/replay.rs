//! Playing a recording from its file onto a board, against parsing each of its lines as JSON.

use crate::{
    events::{at, event},
    ratios::Ratios,
};
use criterion::{Criterion, Throughput};
use serde_json::Value;
use sidetone::{
    domain::Board,
    recording::{
        Header, Record, Recorder, RecordingReader,
        playback::{Playback, Played},
    },
};
use std::{hint::black_box, io::Read, path::Path};

const CALLS: usize = 200;
const ROUNDS: usize = 10;

/// A recording in which one value of each call changes again and again.
pub fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bench.ndjson.gz");
    let mut recorder = Recorder::create(&file, &Header::new(at(0), Vec::new()), at(0), true).expect("a recording");
    for round in 0..ROUNDS {
        for n in 0..CALLS {
            recorder.push(at(round as u64), Record::Frame(event(n, 3_072, &round.to_string())));
        }
    }
    assert_eq!(recorder.finish().status.lost, 0, "the disk keeps up");
    let lines = text(&file);
    let mut group = criterion.benchmark_group("replay");
    group.throughput(Throughput::Elements((CALLS * ROUNDS) as u64)).sample_size(10);
    group.bench_function("play", |bench| bench.iter(|| assert_eq!(play(&file), CALLS)));
    group.bench_function("serde_value", |bench| {
        bench.iter(|| {
            for line in text(&file).lines() {
                black_box(serde_json::from_str::<Value>(line).expect("a line of JSON"));
            }
        });
    });
    assert!(lines.lines().count() > CALLS * ROUNDS);
    ratios.add("replay/play", "replay/serde_value", "");
    group.finish();
}

fn text(file: &Path) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(file).expect("the recording");
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).expect("text");
    text
}

fn play(file: &Path) -> usize {
    let (mut playback, mut board) = (Playback::new(), Board::default());
    for line in RecordingReader::open(file).expect("the recording") {
        let line = line.expect("a line");
        if let Played::Update(update) = playback.play(line.at, &line.record, &board) {
            board.apply(line.at, update, &playback);
        }
    }
    board.len()
}
