//! Long tables, a page at a time.

use url::form_urlencoded::Serializer;

/// Where somebody is in a long table. `paging.html` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// From 1.
    pub page: u64,
    /// Rows on a page.
    pub size: u64,
    pub total: u64,
    /// The rest of the address: what is searched, filtered and sorted.
    pub rest: Vec<(&'static str, String)>,
}

impl Paging {
    /// A page that there is, whatever was asked for.
    pub fn new(
        asked: Option<u64>,
        size: u64,
        total: u64,
        rest: Vec<(&'static str, String)>,
    ) -> Paging {
        let page = asked.unwrap_or(1).clamp(1, total.div_ceil(size).max(1));
        let rest = rest.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        Paging { page, size, total, rest }
    }

    /// How many rows stand before this page.
    pub fn skipped(&self) -> u64 {
        (self.page - 1) * self.size
    }

    pub fn pages(&self) -> u64 {
        self.total.div_ceil(self.size).max(1)
    }

    /// The first and the last row on this page, from 1.
    pub fn from(&self) -> u64 {
        (self.skipped() + 1).min(self.total)
    }

    pub fn to(&self) -> u64 {
        (self.skipped() + self.size).min(self.total)
    }

    /// The address of a page, from the question mark on.
    fn address(&self, page: u64) -> String {
        let mut query = Serializer::for_suffix(String::from("?"), 1);
        query.extend_pairs(self.rest.iter().map(|(name, value)| (*name, value.as_str())));
        query.append_pair("page", &page.to_string());
        query.finish()
    }

    /// The address of the page before.
    pub fn before(&self) -> Option<String> {
        (self.page > 1).then(|| self.address(self.page - 1))
    }

    /// The address of the page after.
    pub fn after(&self) -> Option<String> {
        (self.page < self.pages()).then(|| self.address(self.page + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_one_that_there_is() {
        let rest = || vec![("q", "a&b".to_owned()), ("sort", String::new())];
        let paging = Paging::new(Some(99), 100, 250, rest());
        assert_eq!((paging.page, paging.from(), paging.to(), paging.after()), (3, 201, 250, None));
        assert_eq!(paging.address(2), "?q=a%26b&page=2");
        let none = Paging::new(Some(0), 100, 0, rest());
        assert_eq!((none.page, none.from(), none.to(), none.pages()), (1, 0, 0, 1));
    }
}
