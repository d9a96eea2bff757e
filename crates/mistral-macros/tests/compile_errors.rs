//! Compile errors of the derives.

#[test]
fn misuse_is_a_compile_error_that_names_the_place() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
