//! The floor that reading lists is measured against: the `csv` crate over the same bytes,
//! one reused record, nothing done with it. Run through `benches/compare.sh`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut rows = 0usize;
    for path in std::env::args().skip(1).filter(|arg| !arg.starts_with("--")) {
        let bytes = std::fs::read(path)?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
        let mut record = csv::ByteRecord::new();
        while reader.read_byte_record(&mut record)? {
            rows += 1;
        }
    }
    println!("{rows} rows");
    Ok(())
}
