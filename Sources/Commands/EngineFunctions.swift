// Functions of the engine: called with parentheses, so that their names do not take words away from variables.

import Internalization
import Language
import Tensors

enum EngineFunctions {
    static func all(_ bench: Workbench) -> [Command] {
        [
            elapsed(bench), profile(), OwnTask.command(), current(bench), PromptedFunction.command(),
            DistillFunction.command(bench), PageFunction.command(bench), SweepTableFunction.command(),
        ] + FolderFunctions.all + GeometryFunctions.all
    }

    private static func elapsed(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "elapsed", "The seconds since the session began.", [], result: TypeName.real,
                examples: ["print elapsed()"])
        ) { _ in .real(bench.elapsedSeconds) }
    }

    private static func profile() -> Command {
        Command(
            CommandSignature(
                "profile",
                "What decides the last bits of this machine's results: number type, kernels, vector level, threads.",
                [], result: TypeName.text,
                examples: ["print profile()"],
                discussion:
                    "Under one profile equal runs have equal bits. A notebook that trains says in its header, # "
                    + "profile:, under which its outputs were recorded."
            )
        ) { _ in .text(EngineFacts.numericProfile) }
    }

    private static func current(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "current_run", "The run that commands mean when none is named.", [], result: RunValue.typeName)
        ) { call in .object(RunValue(try bench.run(call))) }
    }
}
