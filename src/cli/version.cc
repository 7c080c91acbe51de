// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <torch/version.h>
#include <dnnl.hpp>

#include "cli/commit.h"
#include "cli/session.h"
#include "nn/blocked.h"
#include "nn/torch.h"

namespace murine {
namespace {

// The widest vector instructions that the fast path may use here; ONEDNN_MAX_CPU_ISA narrows them.
std::string CpuFeatures() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_amx:
      return "AVX-512, bfloat16, AMX";
    case dnnl::cpu_isa::avx512_core_bf16:
      return "AVX-512, bfloat16";
    case dnnl::cpu_isa::avx512_core_vnni:
      return "AVX-512, VNNI";
    case dnnl::cpu_isa::avx512_core:
      return "AVX-512";
    case dnnl::cpu_isa::avx2_vnni:
      return "AVX2, VNNI";
    case dnnl::cpu_isa::avx2:
      return "AVX2";
    case dnnl::cpu_isa::avx:
      return "AVX";
    case dnnl::cpu_isa::sse41:
      return "SSE4.1";
    default:
      return "none that oneDNN knows";
  }
}

}  // namespace

void AddVersion(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "version", "Which murine this is, the libraries it computes with, and what of this CPU it uses",
      "  murine version --json\n");
  session.TakeSeed(command);
  session.Run(command, [&session] {
    const dnnl_version_t* onednn = dnnl_version();
    const int64_t block = ChannelBlock();
    const Json result = {{"version", MURINE_VERSION},
                         {"commit", MURINE_COMMIT},
                         {"onednn", fmt::format("{}.{}.{}", onednn->major, onednn->minor, onednn->patch)},
                         {"libtorch", TORCH_VERSION},
                         {"cpu", CpuFeatures()},
                         {"fast_path", block > 0 ? fmt::format("{} channels at once", block)
                                                 : "none for this CPU: plain convolutions"}};
    session.Show(result, FormatResult(result));
  });
}

}  // namespace murine
