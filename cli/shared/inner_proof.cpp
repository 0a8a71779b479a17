#include "shared/inner_proof.h"

#include "shared/json_reader.h"
#include "shared/key_file.h"

#include <algorithm>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <utility>

namespace wm {

namespace {

constexpr size_t kBytes = kProofDigits / 2;

std::string to_hex(const unsigned char (&bytes)[kBytes])
{
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (unsigned char byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

bool is_digits(std::string_view text)
{
    return text.size() == kProofDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string_view name_of(const JsonMember &member)
{
    return {member.name, member.name_len};
}

/// A string without its quotes; empty for any other value.
std::string_view text_of(const JsonValue &value)
{
    return value.kind == JsonKind::kString ? std::string_view(value.data + 1, value.len - 2) : std::string_view();
}

/// Reads a text that is one object without any escape, and calls visit(member) for each member. False for any other.
template <class Visit> bool read_plain_object(std::string_view text, Visit visit)
{
    text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    JsonReader<JsonBounds::kChecked> reader(text.data(), text.size());
    return reader.read_object(visit) && reader.at_end() && !reader.has_escapes();
}

} // namespace

std::string read_inner_secret(const std::string &path, std::string &out)
{
    KeyFile file;
    if (std::string wrong = read_key_file(path, file); !wrong.empty())
        return wrong;
    drop_line_end(file.text);
    bool visible = std::all_of(file.text.begin(), file.text.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (!visible || file.text.size() < kMinInnerSecretBytes || file.text.size() > kMaxInnerSecretBytes)
        return "a secret is one line of " + std::to_string(kMinInnerSecretBytes) + " to " + std::to_string(kMaxInnerSecretBytes) +
               " visible ASCII characters without blanks: openssl rand -hex 32 makes one";
    if (std::string wrong = mode_error(file, path); !wrong.empty())
        return wrong;
    out = std::move(file.text);
    return "";
}

std::string make_nonce()
{
    unsigned char bytes[kBytes];
    return RAND_bytes(bytes, sizeof bytes) == 1 ? to_hex(bytes) : "";
}

std::string make_proof(std::string_view secret, Prover prover, std::string_view client_nonce, std::string_view server_nonce)
{
    std::string text = prover == Prover::kClient ? "wm-push inner 1 client" : "wm-push inner 1 server";
    for (std::string_view nonce : {client_nonce, server_nonce})
        text.append(1, '\0').append(nonce);
    unsigned char mac[kBytes];
    const unsigned char *made = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                                     reinterpret_cast<const unsigned char *>(text.data()), text.size(), mac, nullptr);
    return made ? to_hex(mac) : "";
}

bool equal_in_constant_time(std::string_view a, std::string_view b)
{
    // Digests have one length, whatever the texts have.
    unsigned char left[EVP_MAX_MD_SIZE], right[EVP_MAX_MD_SIZE];
    bool made = EVP_Digest(a.data(), a.size(), left, nullptr, EVP_sha256(), nullptr) == 1 &&
                EVP_Digest(b.data(), b.size(), right, nullptr, EVP_sha256(), nullptr) == 1;
    return made && CRYPTO_memcmp(left, right, kBytes) == 0;
}

std::string auth_line(std::string_view name, std::string_view digits)
{
    return R"({"wm":{"cmd":"auth",")" + std::string(name) + "\":\"" + std::string(digits) + "\"}}";
}

AuthLine read_auth_line(std::string_view line)
{
    JsonValue wm;
    unsigned members = 0, commands = 0, all = 0;
    bool plain = read_plain_object(line, [&](const JsonMember &member) {
        members++;
        if (name_of(member) == "wm")
            wm = member.value;
    });
    if (!plain || members != 1 || wm.kind != JsonKind::kObject)
        return {};
    AuthLine found;
    read_plain_object({wm.data, wm.len}, [&](const JsonMember &member) {
        all++;
        std::string_view text = text_of(member.value);
        commands += name_of(member) == "cmd" && text == "auth";
        if (name_of(member) == "nonce" && is_digits(text))
            found.nonce = text;
        else if (name_of(member) == "mac" && is_digits(text))
            found.mac = text;
    });
    return all == 2 && commands == 1 ? found : AuthLine();
}

std::string_view read_auth_answer(std::string_view answer, std::string_view name)
{
    std::string_view found;
    if (!answer.starts_with("ok "))
        return {};
    bool plain = read_plain_object(answer.substr(3), [&](const JsonMember &member) {
        if (name_of(member) == name && is_digits(text_of(member.value)))
            found = text_of(member.value);
    });
    return plain ? found : std::string_view();
}

} // namespace wm
