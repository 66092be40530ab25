// Messages of user authentication: RFC 4252 and RFC 4256. A userauth_request of any method is read
// as such first and its method_fields then by method; a sender encodes the method's own struct.
// Used by auth/ and by servers. Passwords and answers are typed secret and no trace shows them.
#pragma once

#include <adit/wire/message.hpp>

namespace adit::wire {

struct userauth_request {  // RFC 4252 section 5
    static constexpr auto id = message_id::userauth_request;
    text user_name, service_name, method_name;
    rest method_fields;
    static constexpr text names = "user_name service_name method_name method_fields";
    static constexpr auto wire(auto& m) {
        return std::tie(m.user_name, m.service_name, m.method_name, m.method_fields);
    }
};

struct userauth_failure {  // RFC 4252 section 5.1
    static constexpr auto id = message_id::userauth_failure;
    name_list authentications_that_can_continue;
    boolean partial_success{};
    static constexpr text names = "authentications_that_can_continue partial_success";
    static constexpr auto wire(auto& m) {
        return std::tie(m.authentications_that_can_continue, m.partial_success);
    }
};

struct userauth_success {  // RFC 4252 section 5.1
    static constexpr auto id = message_id::userauth_success;
    static constexpr text names = "";
    static constexpr auto wire(auto&) { return std::tie(); }
};

struct userauth_banner {  // RFC 4252 section 5.4
    static constexpr auto id = message_id::userauth_banner;
    text message, language_tag;
    static constexpr text names = "message language_tag";
    static constexpr auto wire(auto& m) { return std::tie(m.message, m.language_tag); }
};

struct userauth_publickey_request {  // RFC 4252 section 7, signed: what follows is the signature
    static constexpr auto id = message_id::userauth_request;
    text user_name, service_name;
    text method_name = "publickey";
    boolean has_signature = true;
    text algorithm_name;
    octets public_key, signature;
    static constexpr text names =
        "user_name service_name method_name has_signature algorithm_name public_key "
        "signature";
    static constexpr auto wire(auto& m) {
        return std::tie(m.user_name, m.service_name, m.method_name, m.has_signature,
                        m.algorithm_name, m.public_key, m.signature);
    }
};

struct userauth_publickey_query {  // RFC 4252 section 7, without a signature
    static constexpr auto id = message_id::userauth_request;
    text user_name, service_name;
    text method_name = "publickey";
    boolean has_signature = false;
    text algorithm_name;
    octets public_key;
    static constexpr text names =
        "user_name service_name method_name has_signature algorithm_name public_key";
    static constexpr auto wire(auto& m) {
        return std::tie(m.user_name, m.service_name, m.method_name, m.has_signature,
                        m.algorithm_name, m.public_key);
    }
};

struct userauth_publickey_signed_data {  // RFC 4252 section 7: what a publickey signature covers
    octets session_identifier;
    u8 request_id = static_cast<u8>(message_id::userauth_request);
    text user_name, service_name;
    text method_name = "publickey";
    boolean has_signature = true;
    text algorithm_name;
    octets public_key;
    static constexpr text names =
        "session_identifier request_id user_name service_name method_name has_signature "
        "algorithm_name public_key";
    static constexpr auto wire(auto& m) {
        return std::tie(m.session_identifier, m.request_id, m.user_name, m.service_name,
                        m.method_name, m.has_signature, m.algorithm_name, m.public_key);
    }
};

struct userauth_pk_ok {  // RFC 4252 section 7
    static constexpr auto id = message_id::userauth_pk_ok;
    text algorithm_name;
    octets public_key;
    static constexpr text names = "algorithm_name public_key";
    static constexpr auto wire(auto& m) { return std::tie(m.algorithm_name, m.public_key); }
};

struct userauth_password_request {  // RFC 4252 section 8
    static constexpr auto id = message_id::userauth_request;
    text user_name, service_name;
    text method_name = "password";
    boolean change = false;
    secret_text password;
    static constexpr text names = "user_name service_name method_name change password";
    static constexpr auto wire(auto& m) {
        return std::tie(m.user_name, m.service_name, m.method_name, m.change, m.password);
    }
};

struct userauth_passwd_changereq {  // RFC 4252 section 8
    static constexpr auto id = message_id::userauth_passwd_changereq;
    text prompt, language_tag;
    static constexpr text names = "prompt language_tag";
    static constexpr auto wire(auto& m) { return std::tie(m.prompt, m.language_tag); }
};

struct userauth_keyboard_interactive_request {  // RFC 4256 section 3.1
    static constexpr auto id = message_id::userauth_request;
    text user_name, service_name;
    text method_name = "keyboard-interactive";
    text language_tag, submethods;
    static constexpr text names = "user_name service_name method_name language_tag submethods";
    static constexpr auto wire(auto& m) {
        return std::tie(m.user_name, m.service_name, m.method_name, m.language_tag, m.submethods);
    }
};

struct userauth_info_request {  // RFC 4256 section 3.2; `prompts` holds num_prompts of them
    static constexpr auto id = message_id::userauth_info_request;
    text name, instruction, language_tag;
    u32 num_prompts{};
    rest prompts;
    static constexpr text names = "name instruction language_tag num_prompts prompts";
    static constexpr auto wire(auto& m) {
        return std::tie(m.name, m.instruction, m.language_tag, m.num_prompts, m.prompts);
    }
};

struct userauth_prompt {  // one of userauth_info_request
    text prompt;
    boolean echo{};
    static constexpr text names = "prompt echo";
    static constexpr auto wire(auto& m) { return std::tie(m.prompt, m.echo); }
};

struct userauth_info_response {  // RFC 4256 section 3.4; `responses` holds num_responses strings
    static constexpr auto id = message_id::userauth_info_response;
    u32 num_responses{};
    rest responses;
    static constexpr text names = "num_responses responses";
    static constexpr auto wire(auto& m) { return std::tie(m.num_responses, m.responses); }
};

}  // namespace adit::wire
