// `icot --help`: the whole program on one page. Each command explains itself with `icot COMMAND --help`, and the manual
// adds what surrounds them.

import Console

enum Usage {
    static let page = """
        icot: watch a language model learn to stop showing its work

          icot                              the prompt; ? there lists what it understands
          icot tour                         replays a notebook that comes with icot; icot notebooks lists them
          icot FILE.icot [-p name=value]    replays one of yours on the terminal
          icot -c 'statements'              runs statements and ends; so does a pipe: … | icot, or icot -

          icot replay FILE                  runs a notebook: --check | --update | --promote | --twice, --budget
          icot present FILE                 shows it as a talk, forward and back; --rehearse, --notes
          icot export FILE --to html        makes a page of it; also ipynb, md
          icot export RUN --to page         makes a kept run answer in a browser, at every stage
          icot sweep FILE -p seed=1...8     replays it with every set of parameters, a core each; --dry, --retry
          mpirun -np 4 icot FILE.icot       trains its runs on four processes that share every batch (Open MPI)
          icot effects FILE                 lists the files it would touch; runs nothing
          icot clean FILE                   takes the recorded outputs out; - filters, for git
          icot kernel install               makes icot known to Jupyter
          icot doctor                       what is here, what is missing, and what that costs
          icot help VERB                    what ?VERB says at the prompt; ? and a word there searches
          icot manual | man -l -            all of this at length; icot manual verbs for the language

        with every command
          --json           results as JSON, one a line; errors as JSON on standard error
          --threads n      cores to compute on; also ICOT_THREADS
          --device name    where models are computed: cpu (without it), cuda, cuda:1; also ICOT_DEVICE
          --precision name how products are computed: f32 (without it), bf16, on a card also tf32; also ICOT_PRECISION
          --help           more about a command

        at the prompt
          -i FILE.icot     runs a notebook and stays, with everything it defined
          -i               prompts and goes on after errors though another program types
          --transcript F   appends everything typed and shown to a file

        exit status: 0 fine, 1 outputs differ, 2 error, 3 input missing or changed, 4 refused, 130 stopped by Ctrl-C,
        75 asked to end by a signal, with all that is kept saved
        """

    static let exitStatus = [
        ("0", "All is well."), ("1", "Outputs differ from what is recorded."), ("2", "An error."),
        ("3", "An input is missing or was changed."), ("4", "Something was refused, such as what a notebook would do."),
        ("75", "Asked to end by a signal (SIGTERM, SIGHUP, SIGUSR1); all that is kept was saved."),
        ("130", "Stopped by Ctrl-C."),
    ]

    static let ranks = """
        mpirun -np 4 icot FILE.icot starts four ranks, on one machine or, with --hostfile, on several, that train the \
        runs of a notebook together. Rank 0 is the program: it alone has files, output, decisions and signals; the \
        others take their parts of every batch. Batches are cut into as many slices as there are ranks, or as \
        start … slices: says, and the bits depend on the slices, not on the ranks. It takes Open MPI 4 or 5 and the \
        same icot on every machine. SIGUSR1 to mpirun ends a job as SIGTERM ends one process.
        """

    static let environment = [
        ("ICOT_THREADS", "Cores to compute on, as --threads says."),
        (
            "ICOT_BLAS",
            "own: large products by icot's own loops, though OpenBLAS is there. Otherwise OpenBLAS is opened when it "
                + "is first needed, if it can be found."
        ),
        ("ICOT_MPI", "The library of Open MPI, opened where mpirun started several of icot; by default libmpi.so.40."),
        ("ICOT_DEVICE", "Where models are computed, as --device says."),
        ("ICOT_PRECISION", "How products with weights are computed, as --precision says."),
        ("ICOT_CUDA", "A folder with NVIDIA's libraries, looked into before all others."),
        ("ICOT_GRAPHS", "off: a card is asked call by call, and plays no step as a CUDA graph; the bits are the same."),
        (
            "OPENAI_API_KEY",
            "The key for the server that prompted asks; it is sent to https://api.openai.com or OPENAI_BASE_URL alone."
        ),
        ("OPENAI_BASE_URL", "The server that the key is for."),
        ("SSL_CERT_FILE, CURL_CA_BUNDLE", "Certificates that are trusted when a server is asked over https."),
        ("https_proxy, http_proxy, no_proxy", "What stands between, for servers that are not on this machine."),
        ("ICOT_BACKGROUND", "dark or light, where the terminal does not say which it is."),
        ("NO_COLOR, TERM, COLORTERM, COLORFGBG, COLUMNS, LANG, LC_ALL, LC_CTYPE", "What the terminal can show."),
        ("VISUAL, EDITOR, PAGER", "What edits an entry (Ctrl-X Ctrl-E), and what shows long pages."),
        ("HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME", "Where models are looked for by name."),
        ("XDG_CACHE_HOME", "Where kernels that were compiled for a card are kept; by default ~/.cache."),
        ("XDG_CONFIG_HOME", "Where icot/startup.icot is looked for; by default ~/.config."),
        ("XDG_STATE_HOME", "Where the history and what was trusted are kept; by default ~/.local/state."),
        ("JUPYTER_DATA_DIR, XDG_DATA_HOME", "Where Jupyter is told of the kernel; by default ~/.local/share."),
    ]

    static let files = [
        (
            "share/icot/notebooks",
            "The notebooks that come with icot, and the runs that they read, next to the folder of the program."
        ),
        (
            LineEditing.settings,
            LineEditing.isGPL
                ? "Keys of the prompt, such as set editing-mode vi." : "Keys of the prompt, such as bind -v."
        ),
        ("~/.config/icot/startup.icot", "Statements that every prompt begins with."),
        ("~/.local/state/icot", "The history of the prompt, and what was trusted."),
        ("runs", "Where runs that have a name are kept, in the working directory."),
    ]
}
