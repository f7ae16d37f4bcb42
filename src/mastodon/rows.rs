//! How much is taken from a server at most. What it sends is a stranger's, and without end if it
//! likes; memory is not.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error, IgnoredAny, SeqAccess, Visitor,
};

/// The most rows on one page. Some servers send all that they have at once, whatever was asked
/// for; the largest list that was ever published has half as many.
pub const MOST_ON_A_PAGE: usize = 50_000;

/// The most rows of one list, in all its pages.
const MOST_ROWS: usize = 1_000_000;

/// The most bytes of one list, in all its pages: three hundred thousand blocks with comments.
const MOST_BYTES: usize = 128 << 20;

/// What was read of a list until now.
#[derive(Default)]
pub struct Taken {
    rows: usize,
    bytes: usize,
}

impl Taken {
    /// Counts a page, and says what there is too much of.
    pub fn page(&mut self, rows: usize, bytes: usize) -> Result<(), String> {
        self.rows += rows;
        self.bytes += bytes;
        if self.rows > MOST_ROWS {
            return Err("more than a million rows".to_owned());
        }
        if self.bytes > MOST_BYTES {
            return Err(format!("more than {} MiB", MOST_BYTES >> 20));
        }
        Ok(())
    }
}

/// The rows of a page: all, or nothing where there are more than `MOST`.
pub struct Rows<T, const MOST: usize>(pub Option<Vec<T>>);

impl<'de, T: DeserializeOwned, const MOST: usize> Deserialize<'de> for Rows<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Reader(PhantomData))
    }
}

struct Reader<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: DeserializeOwned, const MOST: usize> Visitor<'de> for Reader<T, MOST> {
    type Value = Rows<T, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = seq.next_element()? {
            if rows.len() == MOST {
                drop(rows);
                while seq.next_element::<IgnoredAny>().map_err(Error::custom)?.is_some() {}
                return Ok(Rows(None));
            }
            rows.push(row);
        }
        Ok(Rows(Some(rows)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Option<Vec<u8>> {
        serde_json::from_str::<Rows<u8, 2>>(text).unwrap().0
    }

    #[test]
    fn a_page_has_so_many_rows_and_no_more() {
        assert_eq!(rows("[]"), Some(Vec::new()));
        assert_eq!(rows("[1, 2]"), Some(vec![1, 2]));
        assert_eq!(rows("[1, 2, 3, \"anything\"]"), None);
        let broken = |text| serde_json::from_str::<Rows<u8, 2>>(text).is_err();
        assert!(broken("[1, \"two\"]") && broken("[1, 2, 3") && broken("{}"));
    }

    #[test]
    fn rows_and_bytes_are_counted_over_all_pages() {
        let mut taken = Taken::default();
        for _ in 0..20 {
            assert_eq!(taken.page(MOST_ON_A_PAGE, 1 << 20), Ok(()));
        }
        assert_eq!(taken.page(1, 1), Err("more than a million rows".to_owned()));
        let mut taken = Taken::default();
        assert_eq!(taken.page(1, MOST_BYTES), Ok(()));
        assert_eq!(taken.page(1, 1), Err("more than 128 MiB".to_owned()));
    }
}
