// SPDX-License-Identifier: Apache-2.0
#include "train/train_classifier.h"

#include <fmt/format.h>

#include <memory>

#include "cli/bind.h"
#include "cli/session.h"

namespace murine {

void AddTrain(CLI::App& app, Session& session) {
  CLI::App* command = session.AddCommand(
      app, "train", "Train a classifier, with a similarity target or (the baseline) without",
      "  murine train --data fashion-mnist --width 16 --epochs 5 --out runs/none\n"
      "  murine train --data cifar10:CIFAR --stimuli dead-leaves:1000x36x64 --target S.npy --alpha 20 --out "
      "runs/neural\n"
      "  murine train --data cifar10:CIFAR --color --adversarial 1/255 --adversarial-steps 2 --out "
      "runs/adversarial\n");
  auto options = std::make_shared<TrainOptions>();
  auto out = std::make_shared<std::string>();
  BindOptions(*command, *options);
  command->add_option("--out", *out, "run folder")->check(OutPlace())->required();
  session.RunOnRanks(
      command,
      [options, out, command](const Ranks& ranks) {
        if (!options->regularized())
          RemarkUnused(*command, {"--alpha", "--clamp", "--pairs", "--pair-images"}, "without --target");
        if (options->adversarial_epsilon() == 0)
          RemarkUnused(*command, {"--adversarial-steps"}, "without --adversarial");
        return TrainClassifier(*options, *out, ranks);
      },
      [out, &session](const Json& result) {
        session.Show(result, FormatResult(result) + fmt::format("{:<28} {}", "run", *out));
      });
}

}  // namespace murine
