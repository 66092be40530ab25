// The smallest user of an installed adit: it includes the umbrella and links Botan through it.
#include <adit/version.hpp>
#if __has_include(<adit/adit.hpp>)
#include <adit/adit.hpp>
#endif
#include <botan/version.h>

int main() { return Botan::version_major() == 3 && !adit::version_text.empty() ? 0 : 1; }
