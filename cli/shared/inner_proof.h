/**
 * @file
 * How a back end and the inner port of a push server prove to each other that they know one secret, which does not cross the network
 * itself. Both sides choose a nonce, and each proof is HMAC-SHA-256 over both of them, under a name of its own: no proof fits another
 * connection, nor the other side. Lines, C the client and S the server:
 *
 *   C {"wm":{"cmd":"auth","nonce":"64 HEX DIGITS"}}
 *   S ok {"nonce":"64 HEX DIGITS"}
 *   C {"wm":{"cmd":"auth","mac":"PROOF"}}      HMAC(secret, "wm-push inner 1 client" NUL nonce of C NUL nonce of S)
 *   S ok {"mac":"PROOF"}                       HMAC(secret, "wm-push inner 1 server" NUL nonce of C NUL nonce of S)
 *
 * The client proves itself first: what only connects gets nothing that it could try secrets on. A refusal begins with kAuthFailure, and
 * ends the connection. Any thread.
 */
#ifndef WM_CLI_INNER_PROOF_H
#define WM_CLI_INNER_PROOF_H

#include <cstddef>
#include <string>
#include <string_view>

namespace wm {

/// Of a nonce and of a proof: 32 bytes in lower case.
inline constexpr size_t kProofDigits = 64;
inline constexpr size_t kMinInnerSecretBytes = 16;
inline constexpr size_t kMaxInnerSecretBytes = 1024;
/// With what a server begins its answer to a back end that it does not know.
inline constexpr std::string_view kAuthFailure = R"(fail {"why":"auth",)";

/// Reads a secret: kMinInnerSecretBytes to kMaxInnerSecretBytes visible ASCII characters, so that a header field can hold it, without the
/// line end. Returns an error without the path, or nothing.
std::string read_inner_secret(const std::string &path, std::string &out);

/// A random nonce; empty: there are no random numbers.
std::string make_nonce();

/// The side that proves itself.
enum class Prover : bool { kClient, kServer };

/// The proof of a side; empty when out of memory.
std::string make_proof(std::string_view secret, Prover prover, std::string_view client_nonce, std::string_view server_nonce);

/// Compares in a time that tells nothing of what the texts have in common.
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// A line of the client with the nonce or the proof.
std::string auth_line(std::string_view name, std::string_view digits);

/// What such a line holds: one of the two.
struct AuthLine {
    std::string_view nonce;
    std::string_view mac;
};

/// Reads a line of the client; both are empty where it is none. The views are in the line.
AuthLine read_auth_line(std::string_view line);

/// Reads the nonce or mac, as `name` says, of an answer of the server; empty where it has none. The view is in the answer.
std::string_view read_auth_answer(std::string_view answer, std::string_view name);

} // namespace wm

#endif
