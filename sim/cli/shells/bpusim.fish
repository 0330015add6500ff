# Completion of bpusim in fish: the program says what could stand there.
function __bpusim_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for answer in ($words[1] complete -- $words[2..-1] "$current" 2>/dev/null)
        switch $answer
            case ':none'
            case ':files'
                __fish_complete_path "$current"
            case ':folders'
                __fish_complete_directories "$current"
            case ':files *'
                for extension in (string split ' ' (string replace ':files ' '' -- $answer))
                    __fish_complete_suffix ".$extension"
                end
            case '*'
                printf '%s\n' $answer
        end
    end
end
complete -c bpusim -f -a '(__bpusim_complete)'
