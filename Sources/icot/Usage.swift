// `icot --help`: the whole program on one page. Each command explains itself with `icot COMMAND --help`.

enum Usage {
    static let page = """
        icot: watch a language model learn to stop showing its work

          icot                              the prompt; ? there lists what it understands
          icot FILE.icot [-p name=value]    replays a notebook on the terminal
          icot -c 'statements'              runs statements and ends; so does a pipe: … | icot, or icot -

          icot replay FILE                  runs a notebook: --check | --update | --promote | --twice, --budget
          icot present FILE                 shows it as a talk, forward and back; --rehearse, --notes
          icot export FILE --to html        makes a page of it; also ipynb, md
          icot export RUN --to page         makes a kept run answer in a browser, at every stage
          icot sweep FILE -p seed=1...8     replays it with every set of parameters, a core each; --dry, --retry
          icot effects FILE                 lists the files it would touch; runs nothing
          icot clean FILE                   takes the recorded outputs out; - filters, for git
          icot kernel install               makes icot known to Jupyter
          icot doctor                       what is here, what is missing, and what that costs
          icot help VERB                    what ?VERB says at the prompt; ? and a word there searches

        with every command
          --json           results as JSON, one a line; errors as JSON on standard error
          --threads n      cores to compute on; also ICOT_THREADS
          --device name    where models are computed: cpu (without it), cuda, cuda:1; also ICOT_DEVICE
          --precision name how a card multiplies: f32 (without it), tf32; also ICOT_PRECISION
          --help           more about a command

        at the prompt
          -i FILE.icot     runs a notebook and stays, with everything it defined
          -i               prompts and goes on after errors though another program types
          --transcript F   appends everything typed and shown to a file

        exit status: 0 fine, 1 outputs differ, 2 error, 3 input missing or changed, 4 refused, 130 stopped by Ctrl-C,
        75 asked to end by a signal, with all that is kept saved
        """
}
