/// A page is thousands of small pieces of text, of which many are made at once: that is where
/// the system's allocator takes most of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    hedgerow::cli::main()
}
