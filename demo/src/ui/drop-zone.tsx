import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

interface Props {
  /** What the button says. */
  readonly label: string
  /** What can be dropped here. */
  readonly hint: string
  readonly accept?: string
  readonly multiple?: boolean
  readonly disabled?: boolean
  readonly onFiles: (files: readonly File[]) => void
  /** Other ways to the same. */
  readonly children?: ComponentChildren
}

/** Takes files by choice or by drop. */
export function DropZone({
  label,
  hint,
  accept,
  multiple = false,
  disabled = false,
  onFiles,
  children,
}: Props) {
  const [over, setOver] = useState(false)

  function take(files: FileList | null | undefined): void {
    const taken = [...(files ?? [])]
    if (taken.length > 0 && !disabled) onFiles(multiple ? taken : taken.slice(0, 1))
  }

  return (
    <fieldset
      aria-label={label}
      class={`drop row ${over ? 'over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(!disabled)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        take(event.dataTransfer?.files)
      }}
    >
      <FileButton label={label} accept={accept} multiple={multiple} disabled={disabled} onFiles={take} />
      {children}
      <span>{hint}</span>
    </fieldset>
  )
}

interface FileButtonProps {
  readonly label: string
  readonly accept: string | undefined
  readonly multiple: boolean
  readonly disabled: boolean
  readonly onFiles: (files: FileList | null) => void
}

/** The browser's own file control, which a keyboard reaches, behind a button that looks like the others. */
function FileButton({ label, accept, multiple, disabled, onFiles }: FileButtonProps) {
  return (
    <label class="button small file">
      {label}
      <input
        class="quiet"
        type="file"
        accept={accept}
        multiple={multiple}
        disabled={disabled}
        onChange={({ currentTarget }) => {
          onFiles(currentTarget.files)
          // So that the same file can be chosen again.
          currentTarget.value = ''
        }}
      />
    </label>
  )
}
