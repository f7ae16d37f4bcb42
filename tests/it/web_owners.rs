//! Every route as somebody else and as nobody.
