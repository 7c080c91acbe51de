// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <gmock/gmock.h>

#include <utility>

namespace murine::hash_test {

// FIPS 180-2, appendix B, and the empty message.
TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Hex(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesAreOneMessage) {
  EXPECT_EQ(Sha256().Add("a").Add("").Add(std::as_bytes(std::span("bc", 2))).Hex(), Sha256Hex("abc"));
  Sha256 hash;
  hash.Add("ab");
  Sha256 moved = std::move(hash);
  EXPECT_EQ(moved.Add("c").Hex(), Sha256Hex("abc"));
}

}  // namespace murine::hash_test
