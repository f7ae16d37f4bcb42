use std::path::PathBuf;

/// Why the store did not do what it was asked. The texts are for people who did not
/// write this program, and never carry a password.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{0}")]
    Address(String),
    #[error(
        "Hedgerow cannot keep its database at {}: {cause}. Check that the folder exists and that \
         you may write there, or choose another place.",
        path.display()
    )]
    Place { path: PathBuf, cause: std::io::Error },
    #[error("Hedgerow cannot open its database at {shown}: {cause}. {next}")]
    Open { shown: String, cause: sqlx::Error, next: &'static str },
    #[error(
        "The database at {shown} was not brought up to date: {cause}. Nothing was changed. If a \
         newer Hedgerow has used it, install that version again."
    )]
    Migrate { shown: String, cause: sqlx::migrate::MigrateError },
    #[error(
        "The database has a damaged row: table {table}, column {column}, id {id}. Hedgerow has \
         stopped rather than guess what it meant. If you edited the database, undo that; \
         otherwise restore the file from a copy."
    )]
    Damaged { table: &'static str, column: String, id: String },
    #[error("There is no {table} number {id}.")]
    Missing { table: &'static str, id: String },
    #[error("There is already a list with the name {0}. Choose another name.")]
    Taken(String),
    #[error("The {what} {name} is taken. Choose another.")]
    NameTaken { what: &'static str, name: String },
    #[error("Run {0} has already finished, so there is nothing to continue.")]
    Finished(i64),
    #[error(
        "The database did not answer as expected: {0}. Check that the disk is not full and that \
         no other program holds the database, then try again."
    )]
    Query(#[from] sqlx::Error),
}

impl StoreError {
    /// For a `?` on a read: a value that does not have its column's form is damage too,
    /// though the driver cannot tell in which row it met it.
    pub(super) fn reading(table: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
        move |error| match error {
            sqlx::Error::ColumnDecode { index, .. } => StoreError::Damaged {
                table,
                column: index.trim_matches('"').to_owned(),
                id: "unknown".to_owned(),
            },
            other => StoreError::Query(other),
        }
    }

    pub(crate) fn missing(table: &'static str, id: &dyn std::fmt::Display) -> StoreError {
        StoreError::Missing { table, id: id.to_string() }
    }
}

/// Names the columns of one row that turn out to hold nonsense.
pub(super) struct RowOf {
    pub table: &'static str,
    pub id: String,
}

impl RowOf {
    pub fn new(table: &'static str, id: &dyn std::fmt::Display) -> Self {
        RowOf { table, id: id.to_string() }
    }

    pub fn need<T>(&self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.damaged(column))
    }

    pub fn damaged(&self, column: &'static str) -> StoreError {
        StoreError::Damaged { table: self.table, column: column.to_owned(), id: self.id.clone() }
    }
}
