// What is said where a run cannot be: of its problems, its settings, its timeline, its folder and its ranks. Each
// message names what is wrong, in which direction, and how much.

import Support
import Testing

@testable import Internalization

@Suite struct RunWordRuleTests {
    @Test func `what is wrong with a problem is said with its places`() {
        let faults: [(EncodedProblemFault, String)] = [
            (.emptyInput, "its input is empty"), (.nothingAfterInput, "nothing follows its input"),
            (.chainElsewhere(2..<5, inputCount: 3), "its chain 2..<5 does not follow its input of 3 tokens"),
            (.answerElsewhere(4..<6, chain: 2..<5), "its answer 4..<6 does not follow its chain 2..<5"),
            (.nothingAfterChain, "nothing follows its chain"), (.noChain, "it has no chain to distil"),
            (.noOrder, "it has no removal order"),
            (.orderOutside(place: 7, of: 3), "its removal order names token 7 of a chain of 3"),
            (.orderTwice(place: 4), "its removal order names token 4 twice"),
            (.orderWithout(place: 4), "its removal order never names token 4"),
            (.emptyGroup, "its removal order has an empty group"),
        ]
        for (fault, words) in faults { #expect(fault.description == words) }
        #expect(RunError.problem(6, .noOrder).description == "problem 6: it has no removal order")
    }

    @Test func `what a run cannot do is said with what is needed and what is there`() {
        let errors: [(RunError, String)] = [
            (.noProblems, "there is no problem to train on"),
            (.tooLong(tokens: 13, positions: 8), "the longest problem has 13 tokens, but the model only 8 positions"),
            (.tooLong(tokens: 2, positions: 1), "the longest problem has 2 tokens, but the model only 1 position"),
            (
                .keptPositions(needed: 11, positions: 9),
                "with kept position ids, which jump alike for every problem, these problems reach position 11, but "
                    + "the model has 9; give it more, or write schedule positions: .shifted"
            ),
            (.vocabulary(needed: 20, model: 6), "the problems use 20 tokens, but the model knows 6"),
            (
                .missingGroups(order: "levels"),
                "the task supplies no removal order \"levels\" for these problems"
            ),
            (.nothingLeft(removed: 1), "nothing is left to remove: the one token of the longest chain is gone"),
            (.nothingLeft(removed: 5), "nothing is left to remove: all 5 tokens of the longest chain are gone"),
            (
                .notFinite(loss: .infinity, parameter: "w"),
                "the loss is inf because w holds a number that is not finite; the weights were left as they are"
            ),
            (.notFinite(loss: .infinity, parameter: nil), "the loss is inf; the weights were left as they are"),
            (.noStage(removed: 4), "the timeline has no stage with 4 removed"),
            (.noStages(before: 5), "there are no 5 stages before this one"),
            (.noStageNumber(7), "the timeline has no stage number 7"),
            (.noMark("a"), "the timeline has no mark \"a\""),
            (.markTaken("a"), "the timeline has a mark \"a\" already"),
            (.damagedSnapshot("p/q"), "the snapshot in p/q is not what was written there"),
            (.noFolder("p"), "no folder for snapshots can be made in p"),
            (.noValidation, "the run has no validation problems to decide by when to stop"),
        ]
        for (error, words) in errors { #expect(error.description == words) }
        let skipped = RunError.allSkipped(limit: 8).description
        #expect(skipped.hasPrefix("a whole pass over the data had no batch without a row of more than 8 tokens, and"))
        for help in ["raise max_length", "make batches smaller", "preset: .fixed"] { #expect(skipped.contains(help)) }
    }

    @Test func `each setting is called by what a person knows it as`() {
        let names: [(SettingFault.Setting, String)] = [
            (.batchSize, "the batch size"), (.learningRate, "the learning rate"),
            (.warmUp, "the number of warm-up steps"),
            (.decay, "the number of steps over which the learning rate falls"), (.clip, "the largest gradient norm"),
            (.accumulation, "the number of batches for an update"), (.slices, "the number of slices of a batch"),
            (.beta1, "the optimizer's first beta"), (.beta2, "the optimizer's second beta"),
            (.epsilon, "the optimizer's epsilon"), (.weightDecay, "the weight decay"),
            (.perEpoch, "the number of tokens removed in an epoch"),
            (.stepsPerRemoval, "the number of steps from one removal to the next"),
            (.flatLossWindow, "the window for a flat loss, in steps,"),
            (.flatLossTolerance, "the tolerance for a flat loss"), (.chunk, "the number of tokens in a removal"),
            (.smoothing, "the smoothing's lambda"), (.smoothingBins, "the number of offsets of the smoothing"),
            (.mixing, "the mixing"), (.mixingAfterRescue, "the mixing after a rescue"),
            (.warmUpAfterReset, "the number of warm-up steps after a reset"),
            (.startFrom, "the number of tokens removed at the start"),
            (.removeAllBeyond, "the number of tokens after which all go"),
            (.pretrainEpochs, "the number of epochs before removal"),
            (.maximumLength, "the largest number of tokens in a problem"),
            (.matchThreshold, "the threshold of exact matches"), (.lossThreshold, "the threshold of the loss"),
            (.memory, "the memory of the running mean"), (.leastSteps, "the least number of steps in a stage"),
            (.patience, "the patience, in steps,"), (.distillationSteps, "the number of steps of a stage"),
            (.evaluateEvery, "the number of steps between two looks at the validation problems"),
        ]
        #expect(names.count == SettingFault.Setting.allCases.count)
        for (setting, words) in names {
            #expect(
                SettingFault.outside(setting, found: 0, .above(1)).description
                    == words + " is 0, but must be a number above 1")
        }
        let others: [(SettingFault, String)] = [
            (
                .cannotBePlanned,
                "an adaptive schedule removes when the model is ready; it cannot be planned without training"
            ),
            (
                .limitAfterStart,
                "which problems are short enough is decided when a run is started; start another one with that limit"
            ),
            (
                .studentUnlikeTeacher(.init(layers: 2, width: 8), teacher: .init(layers: 4, width: 16)),
                "a student of 2 layers and width 8 cannot take the thoughts of a teacher of 4 layers and width 16"
            ),
            (.mostBelowLeast(most: 1, least: 5), "a stage may have at most 1 step, but must have at least 5"),
        ]
        for (fault, words) in others { #expect(fault.description == words) }
    }

    @Test func `what is wrong with a folder is said with its path, its owner, and what to do`() {
        let errors: [(RunFolderError, String)] = [
            (
                .inUse(path: "p", host: "h", process: 7, since: "noon"),
                "p is being written by process 7 on h since noon; wait for it, or choose another name"
            ),
            (
                .foreignOwner(path: "p", host: "h", process: 7, since: "noon"),
                "p belongs to process 7 on h since noon, which cannot be seen from here; if it is gone, take the run "
                    + "over with steal: true"
            ),
            (.exists(path: "p"), "p is there already; resume it, or choose another name"),
            (.notARun(path: "p"), "p is not a run: it has no run.json"),
            (
                .version(path: "p", found: 9, known: 2),
                "p was written in format 9; this program knows format 2"
            ),
            (.malformed(path: "p", rule: "it is odd"), "p: it is odd"),
            (
                .changedData(path: "p", what: "the training problems"),
                "p: the training problems are not those the run was started with"
            ),
            (.changedFile(path: "p"), "p is not as the run wrote it"),
            (.noCheckpoint(path: "p", passedOver: []), "p has no complete checkpoint to go on from"),
            (
                .noCheckpoint(path: "p", passedOver: ["a", "b"]),
                "p has no complete checkpoint to go on from: a; b"
            ),
            (.notWritten(path: "p", reason: "full"), "p could not be written: full"),
        ]
        for (error, words) in errors { #expect(error.description == words) }
        #expect(
            RunFolderError.strangeEntry(path: "p", kind: .link).description.hasSuffix(
                ", and a run has only files and folders; copy the run without it"))
    }

    @Test func `what ranks cannot share is said with how many there are, and what to write instead`() {
        let faults: [(RanksFault, String, String)] = [
            (
                .slicesDoNotFit(slices: 3, ranks: 4),
                "4 ranks cannot share batches that are cut into 3 slices; each rank needs 1, 2, 4, 8 … of them",
                "write slices: 4 in start or resume: from there on bits are those of 4 slices"
            ),
            (
                .moreRanksThanRows(ranks: 4, batch: 1), "4 ranks cannot share a batch of 1 problem",
                "write batch: 4 or more, or start fewer ranks"
            ),
            (
                .otherArithmetic("bf16", elsewhere: "f32"),
                "ranks cannot share a model that is computed as \"bf16\": they compute as \"f32\"",
                "start it without mpirun, or compute it in float32 on processors"
            ),
        ]
        for (fault, words, help) in faults { #expect(fault.description == words && fault.help == help) }
        let tail =
            ": a bit was flipped there, in its memory or on the way; what was trained since the comparison before "
            + "is not to be trusted"
        #expect(
            RanksFault.otherWeights(ranks: [1], of: 2, updates: 200).description
                == "rank 1 holds other weights than rank 0 after update 200" + tail)
        #expect(
            RanksFault.otherWeights(ranks: [2, 3], of: 5, updates: 1).description
                == "ranks 2, 3 hold other weights than the other ranks after update 1" + tail)
        #expect(RanksFault.otherWeights(ranks: [1], of: 2, updates: 1).help.hasPrefix("resume the run from its last"))
    }

    @Test func `numbers of an alarm have three decimals, whole ones none, and one step is no steps`() {
        #expect("\(Alarm.loss(2.00049, usual: 0.2345))" == "the loss jumped to 2 from 0.235")
        #expect("\(Alarm.updateRatio(0.123456))" == "one update changed the weights by 12.346 %")
        #expect("\(Alarm.gradientNorm(1e300, usual: 1))" == "the gradient norm is 1e+300, usually 1")
        #expect("\(Alarm.plateau(steps: 1, rate: 0.0625))" == "no progress for 1 step: 6.25 % of the examples right")
    }

    @Test func `every order has a name that is typed, and a summary of what goes first`() {
        let named = RemovalOrder.named
        #expect(
            named.map(\.name) == [
                "left", "right", "random", "steps", "partials_first", "sums_first", "levels", "levels_down",
            ])
        #expect(
            named.map(\.summary) == [
                "from the start of the chain", "from its end", "an order drawn once from seed:",
                "a whole reasoning step at a time", "partial products before running sums",
                "running sums before partial products",
                "a level of the tree at a time, from the partial products up",
                "a level of the tree at a time, from the root down",
            ])
        for (name, _) in named { #expect(RemovalOrder(named: name, seed: 3)?.name == name) }
        #expect(
            ChainOrder.allCases.map(\.pieces) == [
                "steps", "partial products", "partial products", "levels of a tree", "levels of a tree",
            ])
    }
}
