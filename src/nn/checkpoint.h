// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "io/safetensors.h"
#include "nn/torch.h"

namespace murine {

void AddTensor(SafeTensors& file, const std::string& name, const torch::Tensor& tensor);  // F32 or I64
// Errors: missing, other shape than `like`; `where` is the file's name for the message.
void CopyTensor(const SafeTensors& file, const std::string& name, torch::Tensor like,
                const std::string& where);

// Every parameter and buffer of `module` as `prefix` + its name.
void AddModule(SafeTensors& file, const std::string& prefix, const torch::nn::Module& module);
void CopyModule(const SafeTensors& file, const std::string& prefix, torch::nn::Module& module,
                const std::string& where);
// Before there is a module of `values` parameters: an Error where that is far more than the file holds, so
// that nobody's metadata ask for memory. A small one is left to CopyModule, which names the tensor.
void RequireStored(const SafeTensors& file, int64_t values, const std::string& where);

// Bits depend on the number of threads: a state that is gone on from with another number says so.
void NoteThreads(SafeTensors& state);
void WarnOfOtherThreads(const SafeTensors& state, const std::string& where);

}  // namespace murine
