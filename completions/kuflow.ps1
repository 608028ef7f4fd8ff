# Completion of kuflow and create-kuflow-worker for PowerShell. Nothing that is typed or offered is ever evaluated.
Register-ArgumentCompleter -Native -CommandName kuflow, create-kuflow-worker -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $program = Get-Command kuflow -CommandType Application, ExternalScript -ErrorAction SilentlyContinue | Select-Object -First 1
  if (-not $program) { return }
  # Each word behind a mark: an empty one would get lost on its way to the program in Windows PowerShell.
  $words = @(foreach ($element in $commandAst.CommandElements) {
    if ($element.Extent.StartOffset -ge $cursorPosition) { break }
    if ($element.Extent.EndOffset -ge $cursorPosition -and $wordToComplete -ne '') { break }
    if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { "=$($element.Value)" }
    else { "=$($element.Extent.Text)" }
  })
  $words += "=$wordToComplete"
  $found = @(& $program __complete powershell -- $words 2>$null)
  if ($found.Count -eq 0 -or $found[0] -notlike 'words*') { return }
  foreach ($line in $found[1..$found.Count]) {
    if (-not $line) { continue }
    $value, $description = $line -split "`t", 2
    if (-not $description) { $description = $value }
    # Whatever is not plain goes between single quotes, in which nothing works but the quote itself, in each of its forms.
    $text = if ($value -match '^[A-Za-z0-9_./:=-]+$') { $value } else { "'" + ($value -replace "['\u2018-\u201b]", '$0$0') + "'" }
    [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $description)
  }
}
