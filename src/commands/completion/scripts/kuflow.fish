# fish completion for kuflow and create-kuflow-worker. Neither typed words nor candidates are ever evaluated.

# Finds the kuflow to call: in the folder of the typed path, for npx in the project, otherwise on the PATH.
function __kuflow_program
    set -l program kuflow
    switch $argv[1]
        case '*/*'
            set program (string replace -r '/[^/]*$' /kuflow -- (string replace -r '^~/' "$HOME/" -- $argv[1]))
        case npx
            set -l dir $PWD
            while test -n "$dir"; and not test -x $dir/node_modules/.bin/kuflow
                set dir (string replace -r '/[^/]*$' '' -- $dir)
            end
            test -n "$dir"; and set program $dir/node_modules/.bin/kuflow
    end
    command -v -- $program
end

function __kuflow_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (__kuflow_program $words[1])
    test -n "$program"; or return
    test "$words[1]" = npx; and set -e words[1]
    set -l found ($program __complete fish -- $words "$current" 2>/dev/null </dev/null)
    switch "$found[1]"
        case 'words*'
            printf '%s\n' $found[2..-1]
        case 'files*' 'folders*'
            set -l prefix (string replace -r '^\S+ ?' '' -- $found[1])
            set -l path (string sub -s (math (string length -- "$prefix") + 1) -- "$current")
            if string match -q 'files*' -- $found[1]
                set found (complete -C "__kuflow_no_such_command $path")
            else
                set found (__fish_complete_directories (string unescape -- $path) '')
            end
            for line in $found
                echo -- "$prefix$line"
            end
        case 'command*'
            set -l at (string replace 'command ' '' -- $found[1])
            complete -C (string join ' ' -- (string escape -- $words[(math $at + 1)..-1]) "$current")
    end
end

function __kuflow_npx
    set -l words (commandline -opc)
    test (count $words) -gt 1; and contains -- $words[2] kuflow create-kuflow-worker
end

complete -c kuflow -f -a '(__kuflow_complete)'
complete -c create-kuflow-worker -f -a '(__kuflow_complete)'
complete -c npx -n __kuflow_npx -f -a '(__kuflow_complete)'
