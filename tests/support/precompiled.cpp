// Owns the precompiled headers of all test binaries (tests/CMakeLists.txt); a target needs a
// source. Nothing but a name, because an empty translation unit is a warning.
namespace adit::test {
extern const int precompiled_headers_have_an_owner;
const int precompiled_headers_have_an_owner = 1;
}  // namespace adit::test
