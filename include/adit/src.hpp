// The one file that a program with ADIT_SEPARATE_COMPILATION compiles adit in, as Asio's
// <boost/asio/impl/src.hpp> is. Include it in exactly one translation unit and nothing of adit
// before it; every other file sees declarations and templates only.
#pragma once

#ifndef ADIT_SEPARATE_COMPILATION
#error "adit/src.hpp is for programs that define ADIT_SEPARATE_COMPILATION in every file"
#endif
#ifdef ADIT_BODIES
#error "adit/src.hpp comes before every other header of adit"
#endif
#define ADIT_SOURCE

// Lambdas of functions that are compiled once have no linkage, as in any .cpp file; g++ minds that
// they stand in a header.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

#include <adit/accounts.hpp>
#include <adit/adit.hpp>
#include <adit/auth/locked_key.hpp>
#include <adit/auth/prompts.hpp>
#include <adit/auth/totp_source.hpp>
#include <adit/bastion.hpp>
#include <adit/config/keys_file.hpp>
#include <adit/config/profile_fields.hpp>
#include <adit/config/ssh_config.hpp>
#include <adit/config/step_file.hpp>
#include <adit/crypto/algorithm_lists.hpp>
